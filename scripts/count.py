#!/usr/bin/env python3
"""Counts the results of `meson test` and shows the whole output of what failed.

Usage: count.py BUILD/meson-logs/testlog.json

A doctest executable counts as its test cases, any other test as one. A test that says `skipped: REASON` in its output (or exits with
77) skipped something for want of an optional program. The last line is `PASSED FAILED SKIPPED`, for ./check.
"""
import json
import re
import sys

CASES = re.compile(r"\[doctest\] test cases: +\d+ \| +(\d+) passed \| +(\d+) failed")
passed = failed = skipped = 0
for line in open(sys.argv[1], encoding="utf-8"):
    test = json.loads(line)
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    good = test["result"] in ("OK", "SKIP")
    cases = CASES.search(output)
    if cases:
        passed += int(cases[1])
        failed += int(cases[2])
        if not good and cases[2] == "0":
            failed += 1  # every case passed, and the program failed all the same
    elif test["result"] == "OK":
        passed += 1
    elif test["result"] != "SKIP":
        failed += 1
    reasons = re.findall(r"skipped: .*", output)
    if test["result"] == "SKIP" and not reasons:
        reasons = [f"skipped: {test['name']}"]
    skipped += len(reasons)
    for reason in reasons:
        print(f"{test['name']}: {reason}")
    if not good:
        print(f"---- {test['name']} failed ({test['result']}, status {test['returncode']}); its output:\n{output}\n----")
print(passed, failed, skipped)
