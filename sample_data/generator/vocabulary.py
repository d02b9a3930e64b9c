"""The words of the platform: its people, pages, queries and what its errors say."""

from __future__ import annotations

from generator.writers import User

NAMES = (
    "anna ben carla dmitri elena farid greta hugo ines jonas katya liam mei "
    "nadia oscar paula quentin rosa samir tessa ulrich vera wei ximena yusuf zoe"
)
USERS = [User(101 + i, name, f"198.51.100.{17 + 5 * i}") for i, name in enumerate(NAMES.split(" "))]
FORGE = User(None, "", "192.0.2.30")
GUESSED = (
    "admin",
    "root",
    "test",
    "oracle",
    "postgres",
    "jenkins",
    "gitlab",
    "deploy",
    "ubuntu",
    "git",
    "guest",
)
PROJECTS = ("payments", "storefront", "mobile-app", "search", "infra", "docs-site")
STEPS = (("lint", "test", "build"), ("test", "build"), ("lint", "test", "build", "scan"))
# Share of the visits, page of the web service, api path behind it.
PAGES = (
    (17, "/dashboard", "/builds?limit=20"),
    (13, "/projects/{project}", "/projects/{project}"),
    (13, "/pipelines/{pipeline}", "/pipelines/{pipeline}"),
    (24, "/builds/{build}", "/builds/{build}"),
    (28, "/artifacts/{build}/report.html", "/artifacts/{build}/report.html"),
    (5, "/settings/profile", ""),
)
API_MEDIAN_MS = {"builds": 35, "projects": 22, "pipelines": 28, "artifacts": 60, "runners": 5}
QUERIES = (
    "SELECT b.id, b.status FROM builds b WHERE b.project_id = {n} ORDER BY b.id DESC LIMIT 20",
    "SELECT count(*) FROM steps WHERE build_id = {n} AND status = 'failed'",
    "UPDATE builds SET status = 'running', started_at = now() WHERE id = {n}",
    "SELECT a.path, a.size\n\tFROM artifacts a\n\tJOIN builds b ON b.id = a.build_id\n\tWHERE b.id = {n}",
)

REFUSED = "FATAL:  sorry, too many clients already"
TERMINATED = "FATAL:  terminating connection due to administrator command"
CONNECTION = f'connection to server at "10.0.4.20", port 5432 failed: {REFUSED}'
SITE = "/srv/ci/.venv/lib/python3.12/site-packages"
CHAINED = f"""Traceback (most recent call last):
  File "{SITE}/{{library}}.py", line 117, in connect
    raise last_error from None
{{cause}}

{{link}}

Traceback (most recent call last):
  File "/srv/ci/api/{{module}}.py", line 88, in {{function}}
    result = await run_in_threadpool(work, request)
  File "{SITE}/starlette/concurrency.py", line 39, in run_in_threadpool
    return await anyio.to_thread.run_sync(func)
{{error}}"""
POOL_TIMEOUT = CHAINED.replace("{library}", "psycopg/connection").format(
    cause=f"psycopg.OperationalError: {CONNECTION}",
    link="During handling of the above exception, another exception occurred:",
    module="routes/{resource}",
    function="{function}",
    error="sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, "
    "connection timed out, timeout 30.00",
)
DELIVERY = "Delivery to https://chat.example.net/hooks/{n} failed\n" + CHAINED.format(
    library="httpcore/_sync/connection",
    cause="httpcore.ConnectTimeout: timed out",
    link="The above exception was the direct cause of the following exception:",
    module="webhooks",
    function="deliver",
    error="httpx.ConnectTimeout: timed out",
)
RENDER = """Could not render log of build {build}
Traceback (most recent call last):
  File "/srv/ci/web/views/logs.py", line 54, in render_log
    text = raw.decode("utf-8")
UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 1032: invalid start byte"""
STEP_FAILED = f"""StepFailed('container exited with code 137')
Traceback (most recent call last):
  File "{SITE}/celery/app/trace.py", line 453, in trace_task
    R = retval = fun(*args, **kwargs)
  File "/srv/ci/pipelines/tasks.py", line 61, in run_step
    container.wait_or_raise()
pipelines.errors.StepFailed: container exited with code 137"""
DUPLICATE = """ERROR:  duplicate key value violates unique constraint "steps_build_id_name_key"
DETAIL:  Key (build_id, name)=({build}, test) already exists.
STATEMENT:  INSERT INTO steps (build_id, name)\n\tVALUES ({build}, 'test')\n\tRETURNING id"""

CHECKPOINT = (
    "LOG:  checkpoint complete: wrote {n} buffers (0.3%); 0 WAL file(s) added, 0 removed, 1 recycled; "
    "write=47.912 s, sync=0.021 s, total=48.006 s"
)
VACUUM = (
    'LOG:  automatic vacuum of table "cicd.public.{table}": index scans: 1\n'
    "\tpages: 0 removed, 812 remain\n\ttuples: {n} removed, 20411 remain"
)
BLOCKED = (
    "[{uptime:.6f}] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.{n} DST=198.51.100.2 LEN=40 TTL=242 "
    "PROTO=TCP SPT={port} DPT=23 SYN"
)
SYSSTAT = "sysstat-collect.service - system activity accounting tool"
MIRROR = "(ci) CMD (/srv/ci/bin/sync-mirrors --quiet)"
NIGHTLY = "(ci) CMD (/srv/ci/bin/nightly-archive)"
HOURLY = "(root) CMD (cd / && run-parts --report /etc/cron.hourly)"
