#!/usr/bin/env python3
"""A scheduling policy: the cheapest node first.

Tandem writes one JSON object a line to standard input for every pod that several nodes could take, and waits for one line:

  {"id": "default/web-…", "pod": {…}, "requests": {"cpu": 1000, "memory": …}, "nodes": [{"name": …, "labels": {…}, "allocatable": {…},
   "requested": {…}, "pods": […]}, …]}

The answer scores the nodes from 0 to 100; the highest wins:  {"id": "default/web-…", "scores": {"node": 0…100, …}}
"""
import json
import sys


def score(node):
    """100 for a node that costs nothing, less by one for each cent an hour."""
    return max(0, 100 - int(node["labels"].get("price", "100")))


for line in sys.stdin:
    question = json.loads(line)
    scores = {node["name"]: score(node) for node in question["nodes"]}
    print(json.dumps({"id": question["id"], "scores": scores}), flush=True)
