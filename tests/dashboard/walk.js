// What a person would see at once on a page: controls that are cut off, and controls that lie over one another.
() => {
  const SELECTOR =
    "button, a[href], input:not([type=hidden]), select, textarea, [role=tab], [role=radio], [role=option], summary";
  const elements = [];
  (function collect(root) {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) collect(element.shadowRoot);
      if (element.matches(SELECTOR)) elements.push(element);
    }
  })(document);

  const parentOf = (element) => element.parentElement || element.getRootNode().host || null;
  const ancestors = (element) => {
    const found = [];
    for (let node = parentOf(element); node; node = parentOf(node)) found.push(node);
    return found;
  };
  const isVisible = (element) => {
    const box = element.getBoundingClientRect();
    if (box.width < 3 || box.height < 3) return false;
    return [element, ...ancestors(element)].every((node) => {
      const style = getComputedStyle(node);
      return style.visibility !== "hidden" && style.display !== "none" && Number(style.opacity) > 0.05 && !node.inert;
    });
  };
  const isFloating = (element) =>
    [element, ...ancestors(element)].some((node) => ["fixed", "sticky"].includes(getComputedStyle(node).position) ||
      node.matches("dialog, [role=dialog], [data-testid=stHeader], aside.event, [data-testid=stElementToolbar], .pill"));
  const name = (element) =>
    `${element.tagName.toLowerCase()} "${(element.getAttribute("aria-label") || element.innerText || element.placeholder || "").trim().slice(0, 40)}"`;

  const problems = [];
  const boxes = [];
  for (const element of elements) {
    if (!isVisible(element)) continue;
    const box = element.getBoundingClientRect();
    const scrolls = ancestors(element).some((node) => /auto|scroll/.test(getComputedStyle(node).overflowX) && node.scrollWidth > node.clientWidth + 1 && !node.matches("[data-testid=stMain], body, html"));
    if (!scrolls && (box.right > innerWidth + 1 || box.left < -1)) problems.push(`beyond the window: ${name(element)}`);
    const isCut = element.matches("button, a, [role=radio], [role=tab]") && element.scrollWidth > element.clientWidth + 2;
    if (isCut && getComputedStyle(element).overflowX !== "visible" && !/ellipsis/.test([...element.querySelectorAll("*"), element].map((node) => getComputedStyle(node).textOverflow).join()))
      problems.push(`cut off: ${name(element)}`);
    const clipper = ancestors(element).find((node) => {
      const style = getComputedStyle(node);
      return style.overflowX === "hidden" && box.right > node.getBoundingClientRect().right + 2 && box.left < node.getBoundingClientRect().right;
    });
    if (clipper && !scrolls && element.matches("button, a, input")) problems.push(`clipped by its container: ${name(element)}`);
    if (!isFloating(element)) boxes.push([element, box]);
  }
  for (let first = 0; first < boxes.length; first++)
    for (let second = first + 1; second < boxes.length; second++) {
      const [[a, boxA], [b, boxB]] = [boxes[first], boxes[second]];
      const width = Math.min(boxA.right, boxB.right) - Math.max(boxA.left, boxB.left);
      const height = Math.min(boxA.bottom, boxB.bottom) - Math.max(boxA.top, boxB.top);
      if (width <= 3 || height <= 3 || a.contains(b) || b.contains(a)) continue;
      if (ancestors(a).includes(b) || ancestors(b).includes(a)) continue;
      if (a.closest("label") && a.closest("label") === b.closest("label")) continue;
      if (a.parentElement === b.parentElement && (a.matches("input") || b.matches("input"))) continue; // a box and its buttons
      if (a.closest("[data-testid$=Input], [data-testid=stSelectbox], [data-testid=stMultiSelect]") && a.closest("[data-testid$=Input], [data-testid=stSelectbox], [data-testid=stMultiSelect]") === b.closest("[data-testid$=Input], [data-testid=stSelectbox], [data-testid=stMultiSelect]")) continue;
      // Rows that scroll under the edge of their list have their boxes there still.
      if (ancestors(a).some((node) => /auto|scroll|hidden/.test(getComputedStyle(node).overflowY) && !ancestors(b).includes(node))) continue;
      if (ancestors(b).some((node) => /auto|scroll|hidden/.test(getComputedStyle(node).overflowY) && !ancestors(a).includes(node))) continue;
      problems.push(`one over the other: ${name(a)} and ${name(b)}`);
    }
  return problems;
}
