#!/usr/bin/env python3
"""Prints the polynomial coefficients of functors.h: Chebyshev interpolation in 60 digits (package python3-mpmath).

exp:    (exp(r) - 1 - r) / r^2 on |r| <= ln(2) / 2 (with a margin for the rounding of x / ln 2)
erfcx:  (1 + t) Phi(-t) exp(t^2 / 2) as a polynomial in u = (t - 3) / (t + 3), 0 <= t <= 15 or 40
        (the substitution is that of Shepherd and Laframboise 1981, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x")
log1p:  (log(1 + e) - e) / e^2 on 0 <= e <= 1
"""
from mpmath import mp, mpf, cos, pi, exp, erfc, sqrt, log, log1p, matrix, lu_solve, expm1

mp.dps = 60


def interpolate(f, low, high, degree):
    """Monomial coefficients, lowest first, of the polynomial through f at the Chebyshev nodes of [low, high]."""
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * k + 1) / (2 * degree + 2)) for k in range(degree + 1)]
    powers = matrix(degree + 1, degree + 1)
    for i, x in enumerate(nodes):
        for j in range(degree + 1):
            powers[i, j] = x**j
    return list(lu_solve(powers, matrix([f(x) for x in nodes])))


def largest_error(f, coefficients, low, high):
    points = [low + (high - low) * mpf(i) / 2000 for i in range(2001)]
    return max(abs(sum(c * x**k for k, c in enumerate(coefficients)) / f(x) - 1) for x in points)


def tail(r):
    return (expm1(r) - r) / r**2 if abs(r) > 1e-20 else mpf(1) / 2  # a node may lie at 0


def mills(u):
    t = 3 * (1 + u) / (1 - u)
    return (1 + t) * erfc(t / sqrt(2)) / 2 * exp(t * t / 2)


def logarithm(e):
    return (log1p(e) - e) / e**2 if abs(e) > 1e-20 else -mpf(1) / 2


for name, f, low, high, degree in [
    ("exp float", tail, -log(2) / 2 * 1.001, log(2) / 2 * 1.001, 5),
    ("exp double", tail, -log(2) / 2 * 1.001, log(2) / 2 * 1.001, 10),
    ("log1p float", logarithm, mpf(0), mpf(1), 9),
    ("log1p double", logarithm, mpf(0), mpf(1), 20),
    ("erfcx float", mills, mpf(-1), mpf(12) / 18, 11),
    ("erfcx double", mills, mpf(-1), mpf(37) / 43, 26),
]:
    c = interpolate(f, low, high, degree)
    print(f"{name}: relative error {float(largest_error(f, c, low, high)):.1e}, largest coefficient {float(max(abs(k) for k in c)):.2g}")
    print("  " + ", ".join(mp.nstr(k, 20) for k in c))
