#pragma once
// Programs that run beside each other: several trainings at once, each in a process of its own, so that one run's threads and memory are
// not another's.
//
// Each is given nothing to read, and what it prints is dropped; its standard error is kept for the message of an error. A signal that
// stops the program that started them (stop_signal) is sent to each of them once, and waited for: a training then writes its checkpoint.
// They are in process groups of their own, so that Ctrl-C in a terminal does not reach them twice; where their parent dies, the system
// sends them SIGTERM.

#include <functional>
#include <string>
#include <vector>

#include "tensor/shape.h"

namespace elbo::lab {

struct Job {
  std::string name;
  std::vector<std::string> command;  // the program's path, then its arguments
};

struct JobHooks {
  std::function<void(const Job&)> on_start;
  std::function<void(const Job&, double seconds)> on_end;  // of those that ended well
  std::function<int()> stop_signal;                        // asked some fifty times a second; 0: go on
};

// Runs all, in their order, at most `at_once` at a time. False: stopped by a signal, and all have ended. Where one ends with another status
// than 0 the others are sent SIGTERM, and Error says which it was and what it wrote.
bool run_jobs(const std::vector<Job>& jobs, Index at_once, const JobHooks& hooks = {});

}  // namespace elbo::lab
