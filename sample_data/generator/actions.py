"""What goes on at the platform: one action a function, each writing the lines it causes in all services."""

from __future__ import annotations

from collections.abc import Callable

from generator.incidents import POOL_DRY, WORKER_SILENT, pool_strain, slowness
from generator.vocabulary import (
    API_MEDIAN_MS,
    CONNECTION,
    FORGE,
    GUESSED,
    PAGES,
    POOL_TIMEOUT,
    PROJECTS,
    QUERIES,
    REFUSED,
    RENDER,
    STEP_FAILED,
    STEPS,
    USERS,
)
from generator.writers import Platform, User, api, celery, nginx, postgres, syslog, web

Action = Callable[[Platform, float], None]
Writer = Callable[[Platform, float, str, str], None]


def api_call(p: Platform, t: float, request: str, trace: str) -> tuple[int, float]:
    """Answer one call; return the status and the seconds it took."""
    method, path = request.split()
    resource = path.replace("?", "/").split("/")[1]
    status = 201 if method == "POST" else 404 if resource == "builds" and p.rng.random() < 0.01 else 200
    seconds = p.lognormal(API_MEDIAN_MS[resource], 0.35) / 1000 * slowness(t, resource)
    if p.rng.random() < 0.6 * pool_strain(t) and t + 31 < POOL_DRY.end:
        status, seconds = 503, 30 + p.rng.uniform(0.003, 0.05)
        trail = POOL_TIMEOUT.format(resource=resource, function=f"{method.lower()}_{resource}")
        api(p, t + seconds - 0.002, "ERROR api.errors", f"Unhandled exception in {request}\n{trail}", trace)
    elif p.rng.random() < 0.2:
        query, took = p.rng.choice(QUERIES).format(n=p.number(100, p.build)), p.lognormal(14, 0.5)
        text = f"LOG:  duration: {took:.3f} ms  statement: {query} /*trace_id='{trace}'*/"
        postgres(p, t + took / 1000, "app", text)
    text = f"{request} {status} in {seconds * 1000:.1f}ms"
    api(p, t + seconds, f"INFO api.routes.{resource}", text, trace)
    return status, seconds


def web_request(
    p: Platform, t: float, request: str, status: int, trace: str, user: User, *, upstream: str = "", agent: str = ""
) -> tuple[int, float]:
    """Serve a request by nginx, web and, where there is an upstream call, api; return status and end."""
    seconds = p.lognormal(18, 0.4) / 1000
    if upstream:
        answer, took = api_call(p, t + seconds / 2, upstream, trace)
        seconds += took
        status = {503: p.rng.choice((502, 503)), 404: 404}.get(answer, status)
        if answer == 503:
            text = f"upstream api failed: {upstream} answered 503 after {took:.1f} s"
            web(p, t + seconds - 0.001, "ERROR ci.upstream", text, trace, user)
    level = "WARNING" if status in (401, 404) else "INFO"
    method, path = request.split()
    labels = {"method": method, "path": path, "status": status, "duration_ms": round(seconds * 1000, 1)}
    web(p, t + seconds, f"{level} django.request", f"{request} {status}", trace, user, **labels)
    nginx(p, t + seconds + 0.001, request, status, user, agent)
    return status, t + seconds


def visit(p: Platform, t: float) -> None:
    """A user opens a page."""
    user, trace, project = p.rng.choice(USERS), p.request_id(), p.rng.choice(PROJECTS)
    _, page, path = p.rng.choices(PAGES, [weight for weight, *_ in PAGES])[0]
    names = {"project": project, "pipeline": p.number(1, 36), "build": p.build - int(p.rng.expovariate(0.05))}
    upstream = f"GET {path}".format(**names) if path else ""
    _, end = web_request(p, t, f"GET {page}".format(**names), 200, trace, user, upstream=upstream)
    if p.rng.random() < 0.3:
        asset = p.rng.choice(("app.3f2a91.js", "app.77c0de.css", "logo.svg"))
        nginx(p, end + 0.1, f"GET /static/{asset}", p.rng.choice((200, 304, 304)), user)
    if p.rng.random() < 0.06:
        web(p, t + 0.004, "DEBUG ci.cache", f"Cache miss for key project:{project}:summary", trace, user)
    if p.rng.random() < 0.015:
        text = f"Secret DEPLOY_KEY of project {project} updated by {user.name}"
        web(p, end + 1, "AUDIT ci.audit", text, trace, user, project=project)


def login(p: Platform, t: float) -> None:
    user, trace = p.rng.choice(USERS), p.request_id()
    _, end = web_request(p, t, "POST /login", 302, trace, user)
    web(p, end - 0.002, "INFO ci.auth", f"User {user.name} logged in from {user.ip}", trace, user)


def failed_login(p: Platform, t: float, attempt: User | None = None) -> None:
    user, trace = (attempt or p.rng.choice(USERS))._replace(id=None), p.request_id()
    _, end = web_request(p, t, "POST /login", 401, trace, user)
    web(p, end - 0.002, "WARNING ci.auth", f"Failed login for user {user.name} from {user.ip}", trace, user)


def failed_ssh(p: Platform, t: float, attempt: User | None = None) -> None:
    user = attempt or User(None, p.rng.choice(GUESSED), f"192.0.2.{p.number(1, 254)}")
    port, head = p.number(32768, 60999), f"sshd[{p.number(40000, 60000)}]"
    syslog(p, t, head, f"Invalid user {user.name} from {user.ip} port {port}")
    syslog(p, t + 1.4, head, f"Failed password for invalid user {user.name} from {user.ip} port {port} ssh2")


def scanner(p: Platform, t: float) -> None:
    path = p.rng.choice(("/wp-login.php", "/.env", "/phpmyadmin/", "/.git/config"))
    stranger = User(None, "", f"192.0.2.{p.number(1, 254)}")
    agent = "Mozilla/5.0 (compatible; scan/1.1)"
    web_request(p, t, f"GET {path}", 404, p.request_id(), stranger, agent=agent)


def render_error(p: Platform, t: float) -> None:
    user, trace, build = p.rng.choice(USERS), p.request_id(), p.build - p.number(0, 40)
    _, end = web_request(p, t, f"GET /builds/{build}/log", 500, trace, user)
    web(p, end - 0.001, "ERROR ci.views.logs", RENDER.format(build=build), trace, user)


def step_error(p: Platform, t: float) -> None:
    """A build outside the pipelines runs out of memory."""
    label = f"Task pipelines.tasks.run_step[{p.task_id()}]"
    celery(p, t, "INFO/MainProcess", f"{label} received")
    failed = t + p.lognormal(9, 0.5)
    celery(p, failed, f"ERROR/ForkPoolWorker-{p.number(1, 8)}", f"{label} raised unexpected: {STEP_FAILED}")


def push(p: Platform, t: float) -> None:
    """The forge reports a push, which starts a build."""
    user, project, trace = p.rng.choice(USERS), p.rng.choice(PROJECTS), p.request_id()
    text = f"Push to {project}@main received: {p.number(1, 6)} commits by {user.name}"
    web(p, t, "INFO ci.webhooks", text, trace, project=project)
    run_pipeline(p, t, "POST /webhooks/github", 202, project, trace, FORGE, "GitHub-Hookshot/044aadd")


def start_by_hand(p: Platform, t: float) -> None:
    user, project, trace = p.rng.choice(USERS), p.rng.choice(PROJECTS), p.request_id()
    run_pipeline(p, t, f"POST /projects/{project}/run", 302, project, trace, user)


def run_pipeline(
    p: Platform, t: float, request: str, status: int, project: str, trace: str, user: User, agent: str = ""
) -> None:
    """Queue the steps of a build as Celery tasks and report when all are done."""
    pipeline, steps = PROJECTS.index(project) * 6 + p.number(1, 6), p.rng.choice(STEPS)
    upstream = f"POST /pipelines/{pipeline}/runs"
    status, t = web_request(p, t, request, status, trace, user, upstream=upstream, agent=agent)
    if status >= 500:
        return
    p.build += 1
    build, end = p.build, t
    api(p, t, "INFO api.queue", f"Queued {len(steps)} steps of build {build} for pipeline {pipeline}", trace)
    for step in steps:
        seconds, name = p.lognormal(9, 0.7), f"build {build} step {step}"
        result = {"build": build, "step": step, "exit": 0, "trace_id": trace}
        begin, done = task(p, t + p.rng.uniform(0.01, 0.05), "run_step", seconds, result)
        syslog(p, begin + 0.05, "runner-agent[812]", f"{name}: container {p.hexa(12)} started")
        syslog(p, begin + seconds, "runner-agent[812]", f"{name}: exit 0 after {seconds:.1f} s")
        end = max(end, done)
    text, took = f"Build {build} of {project} succeeded in {end - t:.1f} s", round((end - t) * 1000, 1)
    web(p, end + 0.2, "INFO ci.builds", text, trace, project=project, duration_ms=took)
    task(p, end + 0.3, "notify", p.lognormal(0.4, 0.5), {"build": build, "sent": p.number(1, 5)})


def task(p: Platform, t: float, name: str, seconds: float, result: dict[str, object]) -> tuple[float, float]:
    """Run one Celery task on the first free process; return when it began and ended."""
    label = f"Task pipelines.tasks.{name}[{p.task_id()}]"
    t = WORKER_SILENT.end + p.rng.uniform(2, 4) if WORKER_SILENT.holds(t) else t
    celery(p, t, "INFO/MainProcess", f"{label} received")
    slot = min(range(len(p.free)), key=p.free.__getitem__)
    process, begin = f"INFO/ForkPoolWorker-{slot + 1}", max(t + 0.003, p.free[slot])
    while p.rng.random() < 0.85 * pool_strain(begin):
        postgres(p, begin + 0.02, "new", REFUSED)
        celery(p, begin + 0.03, process, f"{label} retry: Retry in 10s: OperationalError('{CONNECTION}')")
        begin += 10.1
        celery(p, begin - 0.003, "INFO/MainProcess", f"{label} received")
    frozen = begin < WORKER_SILENT.start < begin + seconds
    end = begin + seconds + (WORKER_SILENT.end - WORKER_SILENT.start if frozen else 0)
    celery(p, end, process, f"{label} succeeded in {end - begin:.6f}s: {result}")
    p.free[slot] = end
    return begin, end


def archive(p: Platform, t: float) -> None:
    begin, _ = task(p, t, "archive_artifacts", p.lognormal(3, 0.5), {"archived": p.number(1, 30)})
    took, build = p.lognormal(900, 0.4), p.number(1000, 4000)
    delete = f"DELETE FROM artifacts\n\tWHERE build_id = {build}\n\tAND kept_until < now()"
    postgres(p, begin + took / 1000, "app", f"LOG:  duration: {took:.3f} ms  statement: {delete}")


def heartbeat(p: Platform, t: float) -> None:
    busy = sum(free > t for free in p.free)
    celery(p, t, "INFO/MainProcess", f"heartbeat: {busy} of {len(p.free)} processes busy")


def runner_poll(p: Platform, t: float) -> None:
    api_call(p, t, f"GET /runners/ci-runner-{p.number(1, 4)}/jobs", p.request_id())


def admin_session(p: Platform, t: float) -> None:
    user, head = p.rng.choice(USERS[:5]), f"sshd[{p.number(5000, 29000)}]"
    key = f"port {p.number(32768, 60999)} ssh2: ED25519 SHA256:{p.hexa(20)}"
    syslog(p, t, head, f"Accepted publickey for {user.name} from {user.ip} {key}")
    syslog(p, t + 0.1, head, f"pam_unix(sshd:session): session opened for user {user.name} by (uid=0)")
    syslog(p, t + p.lognormal(300, 1), head, f"pam_unix(sshd:session): session closed for user {user.name}")


def says(writer: Writer, head: str, text: str) -> Action:
    """Return the action that writes one line, its {n}, {pid}, {port}, {table} ... drawn at random."""

    def action(p: Platform, t: float) -> None:
        words = {
            "n": p.number(5, 60),
            "pid": p.number(5000, 29000),
            "port": p.number(32768, 60999),
            "build": p.number(100, p.build),
            "table": p.rng.choice(("builds", "steps", "artifacts")),
            "uptime": 861204 + t,
        }
        writer(p, t, head.format(**words), text.format(**words))

    return action
