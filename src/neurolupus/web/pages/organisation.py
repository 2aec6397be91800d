"""The way in with an organisation's account: there, and back."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from neurolupus.errors import NeurolupusError
from neurolupus.store.organisation import take_in
from neurolupus.web.access import Anyone, Kept
from neurolupus.web.cookies import drop_cookie, put_cookie, session_cookie
from neurolupus.web.oidc import PENDING_S, Flows, NotVouched
from neurolupus.web.pages.sign_in import enter, inside, sign_in_form

router = APIRouter()


@router.get("/sign-in/with")
def leave(request: Request, store: Kept, _: Anyone, next: str = "/") -> Response:  # noqa: A002
    """To the provider's own page."""
    try:
        url, state = _flows(request).begin(inside(next))
    except NotVouched as error:
        return sign_in_form(request, store, back=inside(next), code=502, text=str(error))
    answer = RedirectResponse(url, 303)
    put_cookie(answer, request, f"{session_cookie(request)}-state", state, seconds=int(PENDING_S))
    return answer


@router.get("/sign-in/back")
def back(request: Request, store: Kept, _: Anyone) -> Response:
    """From the provider's page, with its word on who this is."""
    flows, name, throttle = _flows(request), f"{session_cookie(request)}-state", request.app.state.throttle
    if throttle.wait_s(request.state.address) > 0:
        return sign_in_form(request, store, back="/", code=429, text="Too many attempts came from this address. Wait.")
    try:
        vouched, page = flows.finish(dict(request.query_params), request.cookies.get(name, ""))
        with store.write("sign-in") as writer:
            user = take_in(writer, vouched.subject, vouched.name, vouched.role, may_export=vouched.may_export)
    except (NotVouched, NeurolupusError) as error:
        throttle.failed(request.state.address)
        return sign_in_form(request, store, back="/", code=401, text=str(error))
    answer = enter(request, store, user, page)
    drop_cookie(answer, request, name)
    return answer


def _flows(request: Request) -> Flows:
    flows = request.app.state.flows
    if flows is None:
        raise HTTPException(404, "Sign in with a name and a password; no organisation's accounts are set up here.")
    assert isinstance(flows, Flows)
    return flows
