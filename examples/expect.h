#pragma once
// The examples test themselves: a claim that does not hold ends the program with status 1.

#include <cstdio>
#include <cstdlib>

inline void expect(bool holds, const char* claim) {
  if (holds) return;
  std::printf("this should hold, and does not: %s\n", claim);
  std::exit(1);
}
