"""Which segments of a path are variables: by their shape, and by the number of their values."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.templates.masking import with_kept_slashes
from loganalytics.templates.routes import MAX_SEGMENTS, learn_routes, merge_routes

NAMES = [first + vowel + last for first in "klmnprst" for vowel in "aeiou" for last in "dgnrst"]
RESOURCES = ("orders", "users", "items", "cart", "login")


def routes_of(paths: dict[str, int]) -> dict[str, str]:
    """Return the route of each path, which has so many events."""
    return dict(zip(paths, learn_routes(pl.Series(list(paths)), pl.Series(list(paths.values()))), strict=True))


def count_routes(*paths: dict[str, int]) -> int:
    """Return how many routes the paths have."""
    return len(set(routes_of({path: events for some in paths for path, events in some.items()}).values()))


@pytest.mark.parametrize(
    "segment",
    ["17", "-4", "2026-03-11", "12345.jpg", "550e8400-e29b-41d4-a716-446655440000", "0f3c2d", "abc123", "deadbeef",
     "01ARZ3NDEKTSV4RRFFQ69G5FAV", "dQw4w9WgXcQ", "O20261129005598", "SKU133", "KEY-1", "order-1234", "report_2024.pdf",
     "10.0.0.1", "300x200", "jo@shop.example", "@jo", "jo%40shop.example", "%E4%B8%AD%E6%96%87", "中文", "two%20words",
     "main.8f3a2c1b.js", "index-DiwrgTda.css", "x" * 40, "coredns-5d78c9869d-abcde", "<*>", "a\x1ab"],
)  # fmt: skip
def test_a_segment_is_a_variable_by_its_shape(segment: str) -> None:
    """Numbers, ids, dates, hashes, addresses, text that people wrote; wherever it stands."""
    assert routes_of({f"/api/{segment}/log": 1}) == {f"/api/{segment}/log": "/api/<*>/log"}


@pytest.mark.parametrize(
    "segment",
    ["orders", "login2", "oauth2", "i18n", "k8s", "2fa", "mp3", "sha256", "v1", "v2beta1", "V1.2", "facade", "user17",
     "index.php", ".env", "roboto.woff2", "jquery.min.js", "bootstrap-datepicker.css", "get-top-10-items", "x" * 39,
     "{id}", ""],
)  # fmt: skip
def test_a_segment_stays(segment: str) -> None:
    """Words with a digit or two, versions, names of files, placeholders of a route."""
    assert routes_of({f"/api/{segment}/log": 1}) == {f"/api/{segment}/log": f"/api/{segment}/log"}


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/search?q=shoes&page=2", "/search"),
        ("/a#top", "/a"),
        ("/cart;jsessionid=1A2B/items;x=1?y", "/cart/items"),
        ("https://shop.example:8443/orders/17?x", "/orders/<*>"),
        ("https://shop.example", "/"),
        ("https://shop.example?x=1", "/"),
        ("/orders/17/", "/orders/<*>/"),
        ("/", "/"),
        ("*", None),
        ("shop.example:443", None),
        ("", None),
        (None, None),
    ],
)
def test_only_the_path_counts(path: str | None, route: str | None) -> None:
    """Not scheme and host, query, fragment and path parameters; what is no path has no route."""
    assert learn_routes(pl.Series([path], dtype=pl.String), pl.Series([1])).to_list() == [route]


@pytest.mark.parametrize(("path", "route"), [("/rest/api/2/x", "/rest/api/2/x"), ("/rest/2/x", "/rest/<*>/x"),
                                             ("/api/17/x", "/api/<*>/x")])  # fmt: skip
def test_a_digit_behind_api_is_a_version(path: str, route: str) -> None:
    """A longer number is none, and elsewhere a digit is a number like any other."""
    assert routes_of({path: 1}) == {path: route}


def test_no_paths_have_no_routes() -> None:
    """An empty column has an empty one."""
    assert learn_routes(pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.Int64)).to_list() == []


@pytest.mark.parametrize(("events", "required"), [(1, 20), (2, 40), (4, 80), (5, 100), (1000, 100)])
def test_so_many_values_are_variables(events: int, required: int) -> None:
    """Twenty for each event of a usual one, at most a hundred; with one less each stays."""
    paths = {f"/api/users/{name}/profile": events for name in NAMES[:required]}
    assert count_routes(dict(list(paths.items())[1:])) == required - 1
    assert count_routes(paths) == 1


def test_resources_are_no_variables() -> None:
    """Neither five, whatever follows, nor thirty with many events each."""
    five = {f"/api/{resource}/{number}": 1 for resource in RESOURCES for number in range(500)}
    assert set(routes_of(five).values()) == {f"/api/{resource}/<*>" for resource in RESOURCES}
    assert count_routes({f"/api/{name}": 40 for name in NAMES[:30]}) == 30


def test_names_at_the_root_leave_what_is_beside_them() -> None:
    """What follows tells the places apart."""
    names = {f"/{name}": 1 for name in NAMES}
    assert set(routes_of(names | {"/api/orders": 1, "/api/users/17": 1}).values()) == {
        "/<*>", "/api/orders", "/api/users/<*>"
    }  # fmt: skip


@pytest.mark.parametrize(("events", "stays"), [(50, True), (49, False)])
def test_a_value_with_most_of_the_events_stays(events: int, stays: bool) -> None:
    """As /health does among the paths that scanners try: from fifty times the events of a usual one."""
    tried = {f"/{name}": 1 for name in NAMES}
    assert routes_of(tried | {"/health": events})["/health"] == ("/health" if stays else "/<*>")


@pytest.mark.parametrize(("others", "stays"), [(4950, True), (4951, False)])
def test_a_value_with_a_small_share_of_the_events_does_not_stay(others: int, stays: bool) -> None:
    """It must have one in a hundred."""
    paths = {f"/u/{number:04}x".translate(str.maketrans("0123456789", "abcdefghij")): 1 for number in range(others)}
    assert routes_of(paths | {"/u/me": 50})["/u/me"] == ("/u/me" if stays else "/u/<*>")


@pytest.mark.parametrize(("count", "routes"), [(4, 4), (5, 1)])
def test_values_that_differ_in_digits_only_are_variables(count: int, routes: int) -> None:
    """From five on, however often they come."""
    assert count_routes({f"/node{number}/state": 1000 for number in range(count)}) == routes


@pytest.mark.parametrize(("count", "routes"), [(99, 99), (100, 1)])
def test_a_hundred_values_with_differing_paths_behind_are_variables(count: int, routes: int) -> None:
    """As owners with repositories of their own are."""
    paths = {f"/{owner}/{repository}/issues": 1 for owner, repository in zip(NAMES, NAMES[::-1], strict=True)}
    assert count_routes(dict(list(paths.items())[:count])) == routes


def test_what_is_behind_a_variable_comes_together() -> None:
    """Each name has one picture, all have many."""
    paths = {f"/u/{name}/{name[::-1]}/big": 1 for name in NAMES[:100]}
    assert set(routes_of(paths).values()) == {"/u/<*>/<*>/big"}


def test_the_rest_of_a_deep_path_is_one_wildcard() -> None:
    """One of the greatest depth stays."""
    deepest = "/a" * MAX_SEGMENTS
    assert routes_of({deepest: 1, f"{deepest}/b": 1, f"{deepest}/b/c": 1}) == {
        deepest: deepest, f"{deepest}/b": f"{deepest}/<*>", f"{deepest}/b/c": f"{deepest}/<*>"
    }  # fmt: skip


def test_order_and_repetition_change_no_route() -> None:
    """Paths may come in any order, and several times with the events of each time."""
    paths = {f"/api/users/{name}/x": 3 for name in NAMES} | {f"/api/{name}": 60 for name in NAMES[:30]}
    backwards = dict(reversed(paths.items()))
    assert routes_of(backwards) == routes_of(paths)
    thrice = learn_routes(pl.Series([*paths] * 3), pl.Series([events // 3 for events in paths.values()] * 3))
    assert thrice.to_list() == [*routes_of(paths).values()] * 3


def test_the_paths_of_requests_become_routes_within_masked_texts() -> None:
    """What stands around a path stays, and so does what is no request; what a query was masked to is no segment."""
    texts = {f'10 "GET /users/{name} HTTP"': '10 "GET /users/\x1a HTTP"' for name in NAMES}
    texts |= {
        "GET /orders/a.\x1a, took \x1a": "GET /orders/\x1a, took \x1a",
        "PUT /orders/\x1a/x\x1a，耗时": "PUT /orders/\x1a/x\x1a，耗时",
        "GET /search\x1a 200": "GET /search\x1a 200",
        "GET /a;b=\x1a/c": "GET /a;b=\x1a/c",
        "read /users/ann": "read /users/ann",
    }
    masked, expected = (with_kept_slashes(pl.Series(list(column))) for column in (texts, texts.values()))
    counted = pl.DataFrame({"text": masked, "events": 1})
    changed = dict(merge_routes(counted).iter_rows())
    assert [changed.get(text, text) for text in masked] == expected.to_list()
    assert merge_routes(counted.tail(1)).is_empty()
