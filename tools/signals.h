#pragma once
// Ctrl-C and SIGTERM: exit status 130 and 143.

namespace elbo {

// From now on SIGINT and SIGTERM end the program at once, with status 130 or 143.
void install_signal_handlers();

// The first signal that came while a Deferred was alive; 0: none.
int pending_signal();

// Thrown where a program gives way to a signal that waits; Tool::run() ends with its status.
struct Interrupted {
  int signal;
};

// While one is alive, a first signal waits (a training step ends, a checkpoint is written; a file is finished) and a second ends the
// program at once. At the end of the outermost a waiting signal ends the program, unless pending_signal() has been asked for meanwhile:
// then the caller has taken it over.
class Deferred {
 public:
  Deferred();
  ~Deferred();
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
};

}  // namespace elbo
