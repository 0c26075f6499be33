#!/usr/bin/env python3
"""Users and what they chose, for docs/recommender.md. Standard library only; .npy files are read and written here.

  recommender.py make                     writes seen.npy and hidden.npy, (users, items), 0 or 1
  recommender.py judge SEEN HIDDEN CODES PROBABILITIES
                                          how much of HIDDEN the first ten recommendations find, by four recommenders
"""
import array
import ast
import csv
import random
import sys

USERS, ITEMS, GENRES, TOP = 2500, 240, 12, 10


def save_npy(path, rows):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode())
        for row in rows:
            array.array("f", row).tofile(f)


def load_npy(path):
    with open(path, "rb") as f:
        start = f.read(10)
        shape = ast.literal_eval(f.read(int.from_bytes(start[8:], "little")).decode())["shape"]
        values = array.array("f")
        values.frombytes(f.read())
    return [values[i * shape[1]:(i + 1) * shape[1]] for i in range(shape[0])]


def make():
    """Each item is of one genre and has a popularity that falls as Zipf's law says; a user likes two genres and now and then takes something else.
    Of the 15 to 30 items that a user chose a fifth is hidden."""
    draw = random.Random(1)
    popularity = [1 / (2 + i // GENRES) for i in range(ITEMS)]
    seen, hidden = [], []
    for _ in range(USERS):
        liked = draw.sample(range(GENRES), 2)
        weights = [p * (8 if i % GENRES in liked else 0.25) for i, p in enumerate(popularity)]
        count, chosen = draw.randint(15, 30), []
        while len(chosen) < count:
            item = draw.choices(range(ITEMS), weights)[0]
            if item not in chosen:
                chosen.append(item)
        away = set(draw.sample(chosen, count // 5))
        seen.append([float(i in chosen and i not in away) for i in range(ITEMS)])
        hidden.append([float(i in away) for i in range(ITEMS)])
    save_npy("seen.npy", seen)
    save_npy("hidden.npy", hidden)


def recommended(scores, row, popularity):
    """The ten items with the highest scores that the user has not; of two with the same the more popular."""
    return sorted((i for i in range(ITEMS) if not row[i]), key=lambda i: (-scores[i], -popularity[i]))[:TOP]


def recall(scores_of, seen, hidden, popularity):
    """The share of a user's hidden items that is among the ten, mean over users."""
    found = 0
    for user, row in enumerate(seen):
        found += sum(hidden[user][i] for i in recommended(scores_of(user), row, popularity)) / min(TOP, sum(hidden[user]))
    return found / len(seen)


def judge(seen_file, hidden_file, codes_file, probabilities_file):
    seen, hidden, probabilities = load_npy(seen_file), load_npy(hidden_file), load_npy(probabilities_file)
    with open(codes_file, newline="") as f:
        by_code = [[int(row[key]) for key in row if key.startswith("neighbour_")] for row in csv.DictReader(f)]
    popularity = [sum(row[i] for row in seen) for i in range(ITEMS)]
    sets = [sum(1 << i for i in range(ITEMS) if row[i]) for row in seen]

    def alike(user):  # cosine of the two rows
        mine = sets[user]
        others = sorted(((mine & s).bit_count() / s.bit_count() ** 0.5, -u) for u, s in enumerate(sets) if u != user)
        return [-u for _, u in others[-len(by_code[0]):]]

    def votes(neighbours):
        return [sum(column) for column in zip(*(seen[n] for n in neighbours))]

    print(f"recall at {TOP}, mean over {len(seen)} users")
    for name, scores_of in (("popularity", lambda user: popularity), ("neighbours by code", lambda user: votes(by_code[user])),
                            ("neighbours by rows", lambda user: votes(alike(user))), ("decoder", lambda user: probabilities[user])):
        print(f"{name:20} {recall(scores_of, seen, hidden, popularity):.3f}")
    first = recommended(votes(by_code[0]), seen[0], popularity)
    print("for the first user", *(f"{i}{'*' if hidden[0][i] else ''}" for i in first), " (* hidden)")


if __name__ == "__main__":
    {"make": make, "judge": judge}[sys.argv[1]](*sys.argv[2:])
