"""What is looked at on every page: axe's rules, each target's size, and the way of the Tab key."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_AXE = Axe()

_SEEN = """
const seen = (each) => {
  const box = each.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && !each.closest("[inert]")
    && each.checkVisibility({visibilityProperty: true, opacityProperty: true});
};
const named = (each) => {
  const words = (each.getAttribute("aria-label") || each.labels?.[0]?.innerText
    || each.innerText || each.id || "").trim().replace(/\\s+/g, " ").slice(0, 40);
  return `${each.localName}${each.id ? "#" + each.id : ""} “${words}”`;
};
"""

_SIZES = f"""() => {{ {_SEEN}
  const wrong = [];
  for (const each of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {{
    if (!seen(each) || each.disabled || each.type === "hidden") continue;
    const ticked = each.type === "radio" || each.type === "checkbox";
    const target = ticked ? each.closest("label") || each : each;
    const box = target.getBoundingClientRect();
    const style = getComputedStyle(target);
    if (box.right < 0 || box.bottom < 0) continue;  // the skip link, until it has the focus
    if (each.localName === "a" && style.display === "inline") {{
      const line = parseFloat(style.lineHeight) || 1.2 * parseFloat(style.fontSize);
      if (Math.max(line, box.height) < 23.9) wrong.push(`${{named(each)}}: a line of ${{line}} px`);
    }} else if (box.width < 43.9 || box.height < 43.9) {{
      wrong.push(`${{named(each)}}: ${{Math.round(box.width)}} by ${{Math.round(box.height)}} px`);
    }}
  }}
  return wrong;
}}"""

_REACHABLE = f"""() => {{ {_SEEN}
  const all = [];
  const groups = new Set();
  const dialog = [...document.querySelectorAll("dialog")].find((each) => each.matches(":modal"));
  const found = (dialog || document).querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0'], [contenteditable]");
  for (const each of found) {{
    if (!seen(each) || each.disabled || each.type === "hidden" || each.tabIndex < 0) continue;
    if (each.type === "radio") {{  // one stop for all of them: the arrows go on from there
      const group = each.form?.id + "/" + each.name;
      if (groups.has(group)) continue;
      groups.add(group);
    }}
    all.push(named(each.type === "radio" ? each.closest("fieldset") || each : each));
  }}
  return all;
}}"""

_AT = f"""() => {{ {_SEEN}
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const across = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
  const down = Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1);
  const on = document.elementFromPoint(across, down);
  const clear = on && (at.contains(on) || on.contains(at) || on.closest("label")?.contains(at));
  const inside = box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
  window.stops ??= new Map();
  if (!window.stops.has(at)) window.stops.set(at, window.stops.size);
  return {{
    stop: window.stops.get(at),
    name: named(at.type === "radio" ? at.closest("fieldset") || at : at),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    shown: inside && Boolean(clear),
  }};
}}"""

_MOST_STOPS = 400


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page as it is now, one line a rule."""
    rules = {"runOnly": {"type": "tag", "values": list(TAGS)}}
    found = _AXE.run(page, options=rules).response["violations"]
    return [_told(each) for each in found]


def _told(found: dict[str, Any]) -> str:
    places = [str(node["target"][0]) for node in found["nodes"]]
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    summary = str(found["nodes"][0].get("failureSummary", "")).replace("\n", " ")
    return f"{found['id']}: {found['help']} ({', '.join(places[:3])}{more}) {summary[:300]}"


def too_small(page: Page) -> list[str]:
    """Return targets under 44 pixels, and links within text on lines under 24 (R-41)."""
    found: list[str] = page.evaluate(_SIZES)
    return found


def too_wide(page: Page) -> list[str]:
    """Return what has to be scrolled sideways on a screen of 320 pixels (WCAG 2.2, 1.4.10)."""
    before = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 700})
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter((each) =>
             each.getBoundingClientRect().right > 321 && !each.closest(".scroll, svg, canvas")
             && each.checkVisibility()).slice(0, 4).map((each) =>
             each.localName + "." + each.className)"""
    )
    if before:
        page.set_viewport_size(before)
    return [f"{wide} px wide on 320: {', '.join(map(str, found))}"] if wide > 321 else []


def not_by_keyboard(page: Page) -> list[str]:
    """Press Tab through a page, and return what is wrong on the way or is never reached."""
    wanted: Sequence[str] = page.evaluate(_REACHABLE)
    page.evaluate("() => { window.stops = new Map(); document.activeElement?.blur?.(); }")
    reached: list[str] = []
    wrong: list[str] = []
    stops: list[int] = []
    ends = 0
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        at = page.evaluate(_AT)
        if at is None:  # the end of the page: a browser goes on at its beginning
            ends += 1
        elif at["stop"] in stops[:-1]:
            break
        elif at["stop"] not in stops:  # or it is another part of a field for a day and a time
            stops.append(at["stop"])
            reached.append(at["name"])
            wrong += [] if at["outlined"] else [f"no outline on {at['name']}"]
            wrong += [] if at["shown"] else [f"focus cannot be seen on {at['name']}"]
        if ends > 2:
            break
    else:
        wrong.append(f"Tab never came to an end after {reached[-3:]}")
    missed = [each for each in wanted if each not in reached]
    return wrong + [f"Tab never comes to {each}" for each in missed]
