"""The page's routes: HTML without script, every form with its own token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from gantral.api import commenting, deciding, inbox, problems, requests, rest, views, words
from gantral.api.deployment import Deployment
from gantral.api.page import signin
from gantral.api.page.sessions import LIFE, LOGIN_LIFE, Session, Sessions
from gantral.api.problems import FieldError, Problem
from gantral.evidence import forms
from gantral.evidence.context import shape_at
from gantral.identity import Person, Refused
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

Page = Callable[[Request, Session], Awaitable[Response]]
_Act = Callable[[Deployment, Person, str, Any], Awaitable[dict[str, Any]]]
_MOST_FIELDS = 200
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Pages:
    """The page of one deployment. Sessions are its own."""

    def __init__(self, deployment: Deployment, sessions: Sessions) -> None:
        self._deployment = deployment
        self._sessions = sessions
        self._secure = deployment.url.startswith("https://")
        # A __Host- cookie can't be set by a neighbouring domain; browsers want https for it.
        self._session_cookie = "__Host-gantral" if self._secure else "gantral"
        self._login_cookie = "__Host-gantral-login" if self._secure else "gantral-login"
        self._templates = Environment(
            loader=PackageLoader("gantral.api.page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["when"] = words.when
        self._templates.filters["until"] = lambda at: words.until(at, deployment.now())
        self._templates.filters["words"] = lambda text: str(text).replace("_", " ")
        self._templates.filters["state"] = _state
        self._templates.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
        self._templates.globals["development"] = deployment.settings.environment == "development"
        folder = resources.files("gantral.api.page")
        self._style = folder.joinpath("style.css").read_bytes()
        self._icon = folder.joinpath("icon.svg").read_bytes()

    def routes(self) -> list[Route]:
        """Every route of the page."""
        return [
            Route("/", self._signed(self._inbox), methods=["GET"]),
            Route("/instances/{id}", self._signed(self._instance), methods=["GET"]),
            Route("/instances/{id}/decision", self._signed(self._decide), methods=["POST"]),
            Route("/instances/{id}/comment", self._signed(self._comment), methods=["POST"]),
            Route("/instances/{id}/withdrawal", self._signed(self._withdraw), methods=["POST"]),
            Route("/sign-in", self._sign_in, methods=["GET"]),
            Route("/signed-in", self._signed_in, methods=["GET"]),
            Route("/sign-out", self._signed(self._sign_out), methods=["POST"]),
            Route("/style.css", self._asset(self._style, "text/css"), methods=["GET"]),
            Route("/icon.svg", self._asset(self._icon, "image/svg+xml"), methods=["GET"]),
        ]

    def _render(self, name: str, status: int = 200, **values: Any) -> Response:
        values.setdefault("session", None)
        text = self._templates.get_template(name).render(**values)
        return Response(text, status, _HEADERS, media_type="text/html")

    def _asset(self, data: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
        async def asset(_: Request) -> Response:
            headers = {**_HEADERS, "cache-control": "public, max-age=300"}
            return Response(data, 200, headers, media_type=media_type)

        return asset

    def _signed(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            session = self._sessions.find(request.cookies.get(self._session_cookie))
            try:
                if session is not None:
                    return await page(request, session)
                if request.method == "GET":
                    back = urlencode({"back": _path(request)})
                    return RedirectResponse(f"/sign-in?{back}", 303, _HEADERS)
                return await self._ended(request)
            except Exception as error:
                problem = rest.problem_of(error)
                person = session.person if session else None
                await rest.log(self._deployment, request, person, problem)
                return self._problem(problem, session)

        return endpoint

    def _problem(self, problem: Problem, session: Session | None) -> Response:
        return self._render("problem.html", problem.status, problem=problem, session=session)

    async def _ended(self, request: Request) -> Response:
        """A form came without a session. What was typed is shown, so that nothing is lost; it is
        not kept, since whoever sent it is not known."""
        form = await _form(request)
        back = request.url.path.rsplit("/", 1)[0]
        return self._render("ended.html", 401, reason=form.get("reason", ""), back=back)

    async def _inbox(self, request: Request, session: Session) -> Response:
        found = await inbox.inbox(self._deployment, session.person)
        return self._render("inbox.html", session=session, **found)

    async def _instance(self, request: Request, session: Session) -> Response:
        typed = dict(session.drafts.pop(request.url.path, {}))
        notice = {"counted": "Your vote is counted.", "decided": "Your vote decided it."}.get(
            request.query_params.get("vote", ""), ""
        )
        return await self._shown(request.path_params["id"], session, typed, notice=notice)

    async def _shown(
        self,
        instance_id: str,
        session: Session,
        typed: Mapping[str, str],
        *,
        problem: Problem | None = None,
        notice: str = "",
    ) -> Response:
        deployment = self._deployment
        story = await deployment.story(instance_id)
        if story is None:
            raise problems.not_found(instance_id[:40])
        views.require_sight(deployment, session.person, story)
        view = views.instance(deployment, session.person, story, await deployment.said(story))
        errors = {}
        if problem is not None:
            errors = {_plain(one.pointer): one.message for one in problem.errors}
        shown = view["waiting"]["shown"] if view["waiting"] else "none"
        return self._render(
            "instance.html",
            problem.status if problem else 200,
            session=session,
            view=view,
            gate=view["waiting"],
            typed=typed,
            errors=errors,
            problem=problem,
            notice=notice,
            token=session.csrf(f"{instance_id} {shown}"),
            step_up=_step_up(view, problem, f"/instances/{instance_id}"),
        )

    async def _decide(self, request: Request, session: Session) -> Response:
        form = await self._checked(request, session)
        instance_id = request.path_params["id"]
        gate_view = None
        story = await self._deployment.story(instance_id)
        if story is not None and story.waiting is not None:
            gate_view = story.manifest["gates"][story.waiting.gate]
        body: dict[str, Any] = {
            "decision": form.get("decision", ""),
            "shown": form.get("shown", ""),
            "reason": form.get("reason", ""),
        }
        fields = {} if gate_view is None else _changes(form, gate_view)
        if body["decision"] == "approve" and fields:
            # A plain yes would approve what was asked for, not what stands in the field.
            return await self._again(request, session, form, _ambiguous(fields))
        if body["decision"] == "amend":
            body["values"] = fields
        try:
            receipt = await deciding.decide(self._deployment, session.person, instance_id, body)
        except Exception as error:
            return await self._again(request, session, form, rest.problem_of(error))
        back = f"/instances/{instance_id}?vote={receipt['status']}"
        return RedirectResponse(back, 303, _HEADERS)

    async def _comment(self, request: Request, session: Session) -> Response:
        return await self._said(request, session, commenting.comment, "text", "#said")

    async def _withdraw(self, request: Request, session: Session) -> Response:
        return await self._said(request, session, deciding.withdraw, "reason")

    async def _said(
        self, request: Request, session: Session, act: _Act, field: str, then: str = ""
    ) -> Response:
        """What a form with one text does, and the instance's page after it."""
        form = await self._checked(request, session)
        instance_id = request.path_params["id"]
        body = {name: form.get(name, "") for name in ("shown", field)}
        try:
            await act(self._deployment, session.person, instance_id, body)
        except Exception as error:
            return await self._again(request, session, form, rest.problem_of(error))
        return RedirectResponse(f"/instances/{instance_id}{then}", 303, _HEADERS)

    async def _again(
        self, request: Request, session: Session, form: Mapping[str, str], problem: Problem
    ) -> Response:
        """The same page with what was typed and what is wrong beside it."""
        await rest.log(self._deployment, request, session.person, problem)
        typed = {name: value for name, value in form.items() if name not in ("token", "shown")}
        if problem.status == 401:
            # They go to the provider and come back with another session: keep what they typed.
            session.drafts[f"/instances/{request.path_params['id']}"] = typed
        return await self._shown(request.path_params["id"], session, typed, problem=problem)

    async def _checked(self, request: Request, session: Session) -> Mapping[str, str]:
        """The form, when it was sent from our own page by this session.

        Raises:
            Problem: 403 form_token.
        """
        form = await _form(request)
        name = f"{request.path_params.get('id', 'sign-out')} {form.get('shown', 'none')}"
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin", "")
        ours = _origin(self._deployment.url)
        if (
            not session.holds(name, form.get("token", ""))
            or site not in ("same-origin", "none")
            or (origin not in ("", ours) and urlsplit(origin).netloc != request.url.netloc)
        ):
            raise Problem(
                403,
                "form_token",
                "this form was not made for you by this page, so nothing was done",
                "open the page again and send the form from there",
            )
        return form

    async def _sign_in(self, request: Request) -> Response:
        ask = request.query_params
        age = ask.get("max_age", "")
        name, login = self._sessions.begin_login(
            _local(ask.get("back", "/")),
            tuple(ask.get("acr_values", "").split()[:10]),
            int(age) if age.isascii() and age.isdigit() and len(age) < 10 else None,
            request.cookies.get(self._session_cookie),
        )
        try:
            metadata = await self._deployment.provider.metadata()
        except Exception as error:
            return self._problem(rest.problem_of(error), None)
        response = RedirectResponse(
            signin.authorization_url(self._deployment, metadata, login), 303, _HEADERS
        )
        # Lax, because the provider's redirect comes from another site; good for ten minutes and
        # for nothing but finishing this sign-in.
        self._set(response, self._login_cookie, name, "lax", int(LOGIN_LIFE))
        return response

    async def _signed_in(self, request: Request) -> Response:
        login = self._sessions.take_login(request.cookies.get(self._login_cookie))
        try:
            if login is None:
                raise Refused(
                    "login_state", "this sign-in was not begun by this browser, or long ago",
                    "sign in again",
                )  # fmt: skip
            person = await signin.finish(self._deployment, login, dict(request.query_params))
        except Exception as error:
            problem = rest.problem_of(error)
            await rest.log(self._deployment, request, None, problem)
            response = self._problem(problem, None)
            response.delete_cookie(self._login_cookie, secure=self._secure)
            return response
        session = self._sessions.begin(person, login.before)
        # Not a redirect: the browser would still count it as coming from the provider's site and
        # hold the Strict cookie back. A page of ours that leads on is a fresh start.
        response = self._render("signed_in.html", back=login.back)
        response.delete_cookie(self._login_cookie, secure=self._secure)
        self._set(response, self._session_cookie, session.id, "strict", int(LIFE))
        return response

    async def _sign_out(self, request: Request, session: Session) -> Response:
        await self._checked(request, session)
        self._sessions.end(session.id)
        response = self._render("signed_out.html")
        response.delete_cookie(self._session_cookie, secure=self._secure)
        return response

    def _set(self, response: Response, name: str, value: str, same: Any, age: int) -> None:
        response.set_cookie(
            name, value, max_age=age, path="/", secure=self._secure, httponly=True, samesite=same
        )


def page_routes(deployment: Deployment, sessions: Sessions | None = None) -> list[Route]:
    """The routes of the page, with sessions of their own unless some are given."""
    return Pages(deployment, sessions or Sessions()).routes()


async def _form(request: Request) -> Mapping[str, str]:
    data = await requests.body(request, "application/x-www-form-urlencoded", requests.MOST_FORM)
    try:
        pairs = parse_qsl(
            data.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except (ValueError, UnicodeDecodeError):
        raise Problem(400, "form_malformed", "the form can't be read") from None
    return {str(name): str(value) for name, value in pairs}


def _changes(form: Mapping[str, str], gate: Mapping[str, Any]) -> dict[str, Any]:
    """What the form changes: field -> value as the API takes it."""
    given = {path: form.get(f"value {path}", "").strip() for path in gate["amend"]}
    return {path: _typed(value, gate, path) for path, value in given.items() if value}


def _ambiguous(fields: Mapping[str, Any]) -> Problem:
    why = "you typed a change: approve with the change, or clear this field"
    return Problem(
        422,
        "decision_ambiguous",
        "you typed a change and approved without it",
        errors=[FieldError(path, why) for path in fields],
    )


def _typed(value: str, gate: Mapping[str, Any], path: str) -> Any:
    """HTML sends text alone."""
    shape = shape_at(gate["parameters"], path) or ["string"]
    while shape[0] == "optional":
        shape = shape[1]
    return forms.typed(shape[0], value)


def _step_up(view: Mapping[str, Any], problem: Problem | None, back: str) -> dict[str, str]:
    """The link to a stronger or younger sign-in, when this one will not do."""
    needs: dict[str, str] = {}
    if problem is not None and problem.status == 401:
        needs = {"message": problem.message, **problem.members}
    elif view["waiting"] is not None:
        needs = dict(view["waiting"]["you"]["step_up"])
    if not needs:
        return {}
    ask: dict[str, str] = {"back": back}
    ask |= {name: str(needs[name]) for name in ("acr_values", "max_age") if name in needs}
    return {"message": needs["message"], "url": f"/sign-in?{urlencode(ask)}"}


def _plain(pointer: str) -> str:
    """The field of a pointer into the body: "/values/~1refund~1amount" is "/refund/amount"."""
    return pointer.removeprefix("/values/").replace("~1", "/").replace("~0", "~")


def _local(path: str) -> str:
    # Only a path of ours: never //elsewhere, never a scheme, nothing a browser reads as one.
    good = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if good and path.isprintable() and len(path) < 500 else "/"


def _path(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _state(state: str) -> str:
    return {
        "CREATED": "Created",
        "RUNNING": "Running",
        "WAITING_FOR_HUMAN": "Waiting for a decision",
        "APPROVED": "Approved",
        "REJECTED": "Rejected",
        "OVERRIDDEN": "Approved with a change",
        "RESUMED": "Resumed",
        "COMPLETED": "Completed",
        "TERMINATED": "Terminated",
    }.get(state, state)
