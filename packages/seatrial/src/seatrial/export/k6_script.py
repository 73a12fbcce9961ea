"""The script that k6 runs, for workloads of plain operations. Pure: the file as a value."""

import json
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from seatrial.errors import SpecError
from seatrial.load import mix
from seatrial.load.http.redirects import REDIRECTS, REDIRECTS_MAX
from seatrial.spec.slo import SLO
from seatrial.spec.workload import OperationSpec, WorkloadSpec

__all__ = ["K6_FILE", "k6_files"]

K6_FILE = "workload.js"
_BLOCKS = 50
_USERS_MAX = 20_000
_TIME_UNIT_MAX_S = 1000

_HEAD = """// The workload of {name} for k6, written by `seatrial export k6`. It is yours to change.
//
//     k6 run -e BASE_URL={host} {file}
//
// From several machines, divide the work: k6 run --execution-segment "0:1/2" on one, "1/2:1" on the other.
// Load only what is yours, or what you were asked to load: it can take an app down for others.
//
// How to read what k6 tells. It begins operations at even distances, so that queues are shorter than with visitors, who
// come at random. http_req_duration counts from when a request was sent, not from when it was due. When every virtual
// user is busy, k6 leaves operations out: dropped_iterations counts them, and they are in no response time. The
// threshold below therefore allows none. `seatrial load` does neither.
//
// What is not the same. k6 keeps no cookies from one operation to the next: each is of somebody who was never there.
// Its headers are its own: another User-Agent, and no Accept-Encoding unless you add one.
"""

_CODE = """
import http from 'k6/http';
import {{ check }} from 'k6';
import exec from 'k6/execution';
import {{ Rate }} from 'k6/metrics';

const BASE_URL = (__ENV.BASE_URL || {host}).replace(/\\/+$/, '');
const ORIGIN = originOf(BASE_URL);

export const options = {{
  scenarios: {{
    workload: {{
      executor: 'constant-arrival-rate',
      // {rate_rps:g} operations begun per second.
      rate: {rate},
      timeUnit: '{time_unit_s}s',
      duration: __ENV.DURATION || '{duration_s:g}s',
      preAllocatedVUs: {users},
      // So many wait at once when every answer takes as long as it may.
      maxVUs: {users_max},
    }},
  }},
  thresholds: {{
    // The objective: {slo}, and at most {error_percent:g} % wrong.
    http_req_duration: ['p({percentile:g})<{limit_ms:g}'],
    wrong_answers: ['rate<={error_ratio_max:g}'],
    // What was not sent was not measured.
    dropped_iterations: ['count<1'],
  }},{connections}
}};

// What can be asked. follows: whether redirects are followed; right: statuses that k6 does not count as
// http_req_failed; isRight: those of a right answer; text: what it must hold.
const REDIRECTS = [{redirects}];
const OPERATIONS = [
{operations}];

{order}
const wrongAnswers = new Rate('wrong_answers');

export default function () {{
  const operation = OPERATIONS[{pick}];
  const response = answerOf(operation);
  const isRight = check(response, {{
    [`${{operation.name}} is answered rightly`]: (answer) =>
      operation.isRight(answer.status) && (answer.body || '').includes(operation.text),
  }});
  wrongAnswers.add(!isRight);
}}

// The answer to an operation, after the redirects that lead to it within the app. k6 itself would follow a redirect to
// anywhere: one that leads away is a wrong answer, and nobody else is loaded.
function answerOf(operation) {{
  let {{ method, body, headers, name }} = operation;
  let url = BASE_URL + operation.path;
  for (let hop = 0; ; hop += 1) {{
    const response = http.request(method, url, body, {{
      headers,
      redirects: 0,
      responseCallback: operation.right,
      tags: {{ name }},
      timeout: '{timeout_s:g}s',
    }});
    const isFollowed = operation.follows && REDIRECTS.includes(response.status);
    const onward = isFollowed ? leadsTo(response.headers.Location, url) : '';
    if (!onward || hop === {redirects_max}) return response;
    if (response.status === 303 || (response.status < 303 && method === 'POST')) {{
      // As browsers do.
      if (method !== 'HEAD') method = 'GET';
      body = null;
      headers = Object.fromEntries(Object.entries(headers).filter(([header]) => !/^content-/i.test(header)));
    }}
    url = onward;
    name = `${{operation.name}} (redirect)`;
  }}
}}

// The address that a Location found at `url` leads to; nothing where that is not the app.
function leadsTo(location, url) {{
  if (!location) return '';
  const page = url.replace(/[?#].*$/, '');
  let target = page.replace(/[^/]*$/, '') + location;
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) target = location;
  else if (location.startsWith('//')) target = ORIGIN.replace(/\\/\\/.*$/, '') + location;
  else if (location.startsWith('/')) target = ORIGIN + location;
  else if (location.startsWith('?')) target = page + location;
  if (originOf(target) !== ORIGIN) return '';
  const [, path, query] = target.replace(/#.*$/, '').match(/^[a-z]+:\\/\\/[^/?]+([^?]*)(.*)$/i);
  const steps = [];
  for (const step of (path || '/').slice(1).split('/')) {{
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }}
  if (/\\/\\.\\.?$/.test(path)) steps.push('');
  return `${{ORIGIN}}/${{steps.join('/')}}${{query}}`;
}}

function originOf(url) {{
  const [, scheme, place] = url.toLowerCase().match(/^(https?):\\/\\/([^/?#]+)/) || [];
  return scheme ? `${{scheme}}://${{place.replace(scheme === 'http' ? /:80$/ : /:443$/, '')}}` : '';
}}
"""

_IN_TURN = """// Which operation comes next, by its place in OPERATIONS: each line has the declared shares,
// shuffled. {count} operations; then it begins anew.
const ORDER = [
{lines}];
"""
_AT_RANDOM = """// Each operation is drawn by itself; where the shares of the operations end, added up.
const UP_TO = [{up_to}];

function drawn() {{
  const at = Math.random();
  return UP_TO.findIndex((end) => at < end);
}}
"""


def k6_files(
    workload: WorkloadSpec, slo: SLO, *, name: str, rate_rps: float, duration_s: float = 300.0, host: str = ""
) -> dict[str, bytes]:
    """Relative path -> content. name: of the file that declares the workload; host: the address under load.

    SpecError for a workload with journeys.
    """
    if workload.journeys is not None:
        raise SpecError(
            "journeys are written in Python, and k6 runs JavaScript.",
            where=f"{name}: journeys",
            try_this="Export to Locust, which runs Python: seatrial export locust. Or declare plain operations: "
            "[[workload.operations]] in a seatrial.toml.",
        )
    weights = {operation.name: operation.weight for operation in workload.operations}
    order, pick = _order(weights, is_random=workload.order == "random")
    rate, time_unit_s = _whole(rate_rps, name)
    users = min(_USERS_MAX, max(10, math.ceil(2 * rate_rps * slo.latency_max_s)))
    shown_host = host or "http://127.0.0.1:8000"
    code = _CODE.format(
        host=json.dumps(shown_host),
        rate_rps=rate_rps,
        rate=rate,
        time_unit_s=time_unit_s,
        duration_s=duration_s,
        users=users,
        users_max=max(users, min(_USERS_MAX, math.ceil(rate_rps * workload.timeout_s))),
        slo=slo.words(),
        error_percent=slo.error_ratio_max * 100,
        error_ratio_max=slo.error_ratio_max,
        percentile=slo.latency_quantile * 100,
        limit_ms=slo.latency_max_s * 1000,
        connections="" if workload.keep_alive else "\n  noConnectionReuse: true,",
        operations="".join(_operation(operation, workload.headers) for operation in workload.operations),
        order=order,
        pick=pick,
        timeout_s=workload.timeout_s,
        redirects_max=REDIRECTS_MAX,
        redirects=", ".join(map(str, sorted(REDIRECTS))),
    )
    head = _HEAD.format(name=name, host=host or "http://ADDRESS-OF-THE-APP", file=K6_FILE)
    return {K6_FILE: (head + code).encode()}


def _order(weights: Mapping[str, float], *, is_random: bool) -> tuple[str, str]:
    """The code that holds the order, and the expression that gives the next operation's index."""
    names = list(weights)
    if is_random:
        total, ends, at = sum(weights.values()), [], 0.0
        for weight in weights.values():
            at += weight / total
            ends.append(at)
        # Rounding must not leave a gap at the end.
        last = max(index for index, weight in enumerate(weights.values()) if weight > 0)
        ends[last:] = [1.0] * (len(ends) - last)
        return _AT_RANDOM.format(up_to=", ".join(f"{end:.12g}" for end in ends)), "drawn()"
    count = mix.BLOCK * _BLOCKS
    places = [names.index(name) for name in mix.stratified(weights, count, seed=1)]
    lines = "".join(
        f"  {', '.join(map(str, places[start : start + mix.BLOCK]))},\n" for start in range(0, count, mix.BLOCK)
    )
    return _IN_TURN.format(count=count, lines=lines), "ORDER[exec.scenario.iterationInTest % ORDER.length]"


def _whole(rate_rps: float, name: str) -> tuple[int, int]:
    """The rate as a whole number of operations in a whole number of seconds, which is what k6 takes."""
    rate = Fraction(rate_rps).limit_denominator(_TIME_UNIT_MAX_S)
    if rate <= 0:
        raise SpecError(f"k6 takes no rate as low as {rate_rps:g} per second.", where=name)
    return rate.numerator, rate.denominator


def _operation(operation: OperationSpec, every: Mapping[str, str]) -> str:
    return "  {\n" + "".join(f"    {line},\n" for line in _operation_lines(operation, every)) + "  },\n"


def _operation_lines(operation: OperationSpec, every: Mapping[str, str]) -> Iterator[str]:
    status, headers = operation.expect_status, {**every, **dict(operation.headers)}
    if operation.body and not any(name.lower() == "content-type" for name in headers):
        headers = {"Content-Type": operation.content_type, **headers}
    yield f"name: {json.dumps(operation.name)}"
    yield f"method: {json.dumps(operation.method)}"
    yield f"path: {json.dumps(operation.path)}"
    yield f"body: {json.dumps(operation.body) if operation.body else 'null'}"
    yield f"headers: {json.dumps(headers)}"
    # A redirect that is itself the right answer is not followed.
    follows = not 300 <= (status or 0) < 400
    yield f"follows: {json.dumps(follows)}"
    if status is None:
        yield "right: http.expectedStatuses({ min: 200, max: 399 })"
        yield "isRight: (status) => status >= 200 && status < 400 && !REDIRECTS.includes(status)"
    else:
        on_the_way = ", { min: 300, max: 399 }" if follows else ""
        yield f"right: http.expectedStatuses({status}{on_the_way})"
        yield f"isRight: (status) => status === {status}"
    yield f"text: {json.dumps(operation.expect_text)}"
