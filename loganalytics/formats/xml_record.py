"""An element of an XML log as a record, by what its writers mean."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

_LEVELS = {"0": "information", "1": "critical", "2": "error", "3": "warning", "4": "information", "5": "verbose"}
# Elements that name a field and hold its value.
_PAIRS = {"data", "item", "entry", "property"}
_TEXT = "#text"


def record_of(element: str) -> dict[str, Any] | None:
    """Return the fields of an element; None where it is not well-formed or declares entities."""
    try:
        root = _parse(element)
    except (expat.ExpatError, ValueError, RecursionError):
        return None
    if not isinstance(root, dict):
        return None
    root = {name: value for name, value in root.items() if not name.startswith("xmlns")}
    if isinstance(root.get("System"), dict):
        return _windows(root)
    return _logger(root)


def _parse(element: str) -> Any:
    """Return an element as nested fields: its attributes, and its elements by their names without prefix."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    stack: list[dict[str, Any]] = [{}]

    def start(name: str, attributes: dict[str, str]) -> None:
        stack.append(dict(attributes))

    def end(name: str) -> None:
        fields = stack.pop()
        text = fields.get(_TEXT, "")
        if not text.strip() and len(fields) > (_TEXT in fields):
            fields.pop(_TEXT, None)
        _add(stack[-1], name.rpartition(":")[2], fields)

    def characters(text: str) -> None:
        stack[-1][_TEXT] = stack[-1].get(_TEXT, "") + text

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = characters, _refuse
    parser.StartDoctypeDeclHandler = _refuse
    parser.Parse(element.encode(), True)
    return next(iter(stack[0].values()))


def _refuse(*declaration: object) -> None:
    """Refuse declarations: entities can make a small text fill the memory, or read files."""
    raise ValueError


def _add(parent: dict[str, Any], name: str, fields: dict[str, Any]) -> None:
    """Add an element to the one it is in: as text, as the field that it names, or as an object; of several a list."""
    pair_name = next((fields[key] for key in ("Name", "name", "key") if key in fields), None)
    if name.lower() in _PAIRS and isinstance(pair_name, str):
        value = fields.get("value", fields.get(_TEXT, ""))
        parent[f"{pair_name} " if pair_name in parent else pair_name] = value
        return
    value = fields.get(_TEXT, "") if fields.keys() <= {_TEXT} else fields
    if name in parent:
        value = [*parent[name], value] if isinstance(parent[name], list) else [parent[name], value]
    parent[name] = value


def _windows(root: dict[str, Any]) -> dict[str, Any]:
    """Return a Windows event, or a trace of .NET, which are written alike."""
    system = root.pop("System")
    created, provider, event_id = (system.pop(name, None) for name in ("TimeCreated", "Provider", "EventID"))
    rendered = root.pop("RenderingInfo", {})
    rendered = rendered if isinstance(rendered, dict) else {}
    payload = root.pop("EventData", root.pop("UserData", {}))
    level = system.pop("Level", None)
    record: dict[str, Any] = {
        "timestamp": _inner(created, "SystemTime"),
        "level": _LEVELS.get(str(level), rendered.get("Level", level)),
        "logger": _inner(provider, "Name"),
        "EventID": _inner(event_id, _TEXT),
        "message": rendered.pop("Message", None) or _payload_text(payload, root) or None,
    }
    record |= {"EventData": payload} if payload else {}
    record |= {"RenderingInfo": rendered} if rendered else {}
    record |= {"Provider": provider, "Level": level, **system, **root}
    return {name: value for name, value in record.items() if value not in (None, "", {})}


def _inner(value: Any, name: str) -> Any:
    """Return a field of an element, or the element's text."""
    return value.get(name) if isinstance(value, dict) else value


def _payload_text(payload: Any, root: dict[str, Any]) -> str:
    """Return what an event says where no message was rendered: its data."""
    if isinstance(payload, dict):
        unnamed = payload.get("Data")
        texts = unnamed if isinstance(unnamed, list) else [unnamed]
        plain = [text for text in texts if isinstance(text, str) and text.strip()]
        pairs = [f"{name}={value}" for name, value in payload.items() if isinstance(value, str) and name != "Data"]
        return " ".join([*plain, *pairs])
    application = root.get("ApplicationData")
    return payload or (application if isinstance(application, str) else "")


def _logger(root: dict[str, Any]) -> dict[str, Any]:
    """Return an event of log4j, log4net or java.util.logging; of others the fields as they are called."""
    millis, nanos = root.pop("millis", None), root.pop("nanos", None)
    if str(millis).isdigit():  # the date may be written without a zone
        root["written"] = root.pop("date", None)
        root = {"timestamp": f"{millis}{str(nanos or 0).zfill(6)}", **root}
    instant = root.pop("Instant", None)
    if isinstance(instant, dict) and "epochSecond" in instant:
        nanoseconds = str(instant.get("nanoOfSecond", "0")).zfill(9)
        root = {"timestamp": f"{instant['epochSecond']}{nanoseconds}", **root}
        root.pop("timeMillis", None)
    for name in ("throwable", "Thrown", "exception"):
        if name in root:
            root["stack_trace"] = _stack_trace(root.pop(name))
    root.setdefault("logger", root.pop("loggerName", None))
    return {name: value.strip() if isinstance(value, str) else value for name, value in root.items() if value}


def _stack_trace(thrown: Any) -> str:
    """Return an exception as text: what it says, and a line a frame."""
    if not isinstance(thrown, dict):
        return str(thrown).strip()
    head = ": ".join(str(thrown[name]) for name in ("name", "message", "localizedMessage") if thrown.get(name))
    extended = thrown.get("ExtendedStackTrace")
    frames = thrown.get("frame") or _inner(extended, "ExtendedStackTraceItem")
    lines = [_frame(frame) for frame in (frames if isinstance(frames, list) else [frames]) if frame]
    return "\n".join([head, *lines])


def _frame(frame: Any) -> str:
    if not isinstance(frame, dict):
        return f"\tat {frame}"
    place = ":".join(str(frame[name]) for name in ("file", "line") if frame.get(name))
    return f"\tat {frame.get('class', '')}.{frame.get('method', '')}({place})"
