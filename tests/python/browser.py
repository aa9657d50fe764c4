"""Debian's Chromium as a person's hands and eyes: one JSON step a line in, one answer a line out.

    {"do": "open", "url": u, "width": w, "height": h, "dark": b}  a fresh browser, nothing kept
    {"do": "click" | "see" | "gone" | "texts" | "value" | "count", "at": selector}
    {"do": "fill", "at": selector, "text": t}   {"do": "focus", "at": selector}   {"do": "press", "key": k}
    {"do": "size", "width": w, "height": h}     {"do": "light", "dark": b}
    {"do": "shot", "path": p, "whole": b}       the window, or the page from top to bottom
    {"do": "print", "path": p}                  the page as a printer gets it, as PDF
    {"do": "download", "at": selector}          the text of the file that a click downloads
    {"do": "choose", "at": selector, "name": n, "text": t}  a file with this text, in a field for files
    {"do": "type", "text": t}                   key by key, into what has the focus
    {"do": "focused", "at": selector}           whether it has the focus
    {"do": "add", "channel": name, "messages": [...], "views": [...]}  what else the workspace says
    {"do": "post", "path": p, "body": {...}}    as the page sends it; answers with the status
    {"do": "spoil", "at": selector}             hides it from screen readers, with what is in it
    {"do": "inject", "script": s}               an inline script, as an attacker would add it
    {"do": "wide"}      whether the page is wider than its window
    {"do": "tall", "at": selector}              how many pixels it is high
    {"do": "axe"}       the serious findings of axe-core
    {"do": "global", "name": n}                 what a script of the page left under this name
    {"do": "problems"}  errors of the console and requests to other hosts, and forgets them

A selector means the last element that fits, because the newest message is the last. Every answer
is {"ok": true, "value": v} or {"ok": false, "why": w}.
"""

import json
import os
import sys
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error, sync_playwright

SERIOUS = ("serious", "critical")


class Browser:
    def __init__(self, chromium):
        self.chromium = chromium
        self.context = None
        self.page = None
        self.host = None
        self.problems = []

    def open(self, url, width=1440, height=900, dark=False):
        if self.context:
            self.context.close()
        self.host = urlsplit(url).netloc
        self.problems = []
        scheme = "dark" if dark else "light"
        size = {"width": width, "height": height}
        self.context = self.chromium.new_context(viewport=size, color_scheme=scheme)
        self.page = self.context.new_page()
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"thrown: {error}"))
        self.page.on("request", self.asked)
        self.page.goto(url)

    def heard(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text}")

    def asked(self, request):
        place = urlsplit(request.url)
        if place.scheme != "data" and place.netloc != self.host:
            self.problems.append(f"a request to another host: {request.url}")

    def last(self, at):
        return self.page.locator(at).last

    def add(self, channel, messages, views=()):
        def more(route):
            answer = route.fetch()
            state = answer.json()
            for one in state["channels"]:
                if one["name"] == channel:
                    one["messages"] += messages
            state["views"] += views
            route.fulfill(response=answer, json=state)

        self.page.route("**/ui/state*", more)

    def axe(self):
        self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        serious = [one for one in found if one["impact"] in SERIOUS]
        return [
            f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes'][:3]]}"
            for one in serious
        ]

    def download(self, at, timeout):
        with self.page.expect_download(timeout=timeout) as waiting:
            self.last(at).click(timeout=timeout)
        with open(waiting.value.path(), encoding="utf-8") as file:
            return file.read()

    def take_problems(self):
        problems, self.problems = self.problems, []
        return problems

    def step(self, do, timeout_ms=30_000, **more):
        timeout, page = timeout_ms, self.page
        match do:
            case "open":
                return self.open(**more)
            case "click":
                return self.last(more["at"]).click(timeout=timeout)
            case "see":
                self.last(more["at"]).wait_for(state="visible", timeout=timeout)
                return self.last(more["at"]).inner_text()
            case "gone":
                return self.last(more["at"]).wait_for(state="hidden", timeout=timeout)
            case "texts":
                return page.locator(more["at"]).all_inner_texts()
            case "count":
                return page.locator(more["at"]).count()
            case "value":
                return self.last(more["at"]).input_value(timeout=timeout)
            case "fill":
                return self.last(more["at"]).fill(more["text"], timeout=timeout)
            case "focus":
                return self.last(more["at"]).focus(timeout=timeout)
            case "press":
                return page.keyboard.press(more["key"])
            case "type":
                return page.keyboard.type(more["text"])
            case "focused":
                here = self.last(more["at"])
                return here.count() > 0 and here.evaluate("it => it === document.activeElement")
            case "post":
                send = "body => fetch(%s, {method: 'POST', headers: {'content-type': 'application/json'},"
                send += " body: JSON.stringify(body)}).then(answer => answer.status)"
                return page.evaluate(send % json.dumps(more["path"]), more["body"])
            case "spoil":
                hide = "it => it.setAttribute('aria-hidden', 'true')"
                return self.last(more["at"]).evaluate(hide, timeout=timeout)
            case "size":
                return page.set_viewport_size(more)
            case "light":
                return page.emulate_media(color_scheme="dark" if more["dark"] else "light")
            case "shot":
                whole = more.get("whole", False)
                return page.screenshot(path=more["path"], full_page=whole) and None
            case "print":
                return len(page.pdf(path=more["path"], format="A4"))
            case "global":
                return page.evaluate("name => window[name] ?? null", more["name"])
            case "download":
                return self.download(more["at"], timeout)
            case "choose":
                file = {"name": more["name"], "mimeType": "text/plain", "buffer": more["text"].encode()}
                return self.last(more["at"]).set_input_files(file, timeout=timeout)
            case "add":
                return self.add(**more)
            case "inject":
                body = "s => { const n = document.createElement('script'); n.textContent = s;"
                return page.evaluate(body + " document.head.append(n); }", more["script"])
            case "wide":
                return page.evaluate("document.documentElement.scrollWidth > innerWidth")
            case "tall":
                return round(self.last(more["at"]).bounding_box()["height"])
            case "axe":
                return self.axe()
            case "problems":
                return self.take_problems()
        raise ValueError(f"there is no step {do}")


def main():
    chromium = sys.argv[1]
    # Chromium refuses its own sandbox to root, which containers run tests as.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = Browser(playwright.chromium.launch(executable_path=chromium, args=arguments))
        for line in sys.stdin:
            try:
                answer = {"ok": True, "value": browser.step(**json.loads(line))}
            except (Error, ValueError) as error:
                answer = {"ok": False, "why": str(error)}
            print(json.dumps(answer), flush=True)


main()
