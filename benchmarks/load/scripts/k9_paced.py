"""K9, the declarative way: the small page at a constant rate; Python only writes the plan."""

import os

import k9.plan as p

plan = p.Plan(
    [p.get(os.environ["TARGET"] + "/")],
    options={
        "scenarios": {
            "steady": {
                "executor": "constant-arrival-rate",
                "rate": int(os.environ["RATE"]),
                "timeUnit": "1s",
                "duration": os.environ["SECONDS_LONG"] + "s",
                "preAllocatedVUs": 10,
                "maxVUs": 400,
            }
        }
    },
)
