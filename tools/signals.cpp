#include "tools/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace elbo {
namespace {

std::atomic<int> pending = 0, deferred = 0;
static_assert(std::atomic<int>::is_always_lock_free);  // the handler may touch it
bool taken_over = false;

void on_signal(int signal) {
  int none = 0;
  if (deferred > 0 && pending.compare_exchange_strong(none, signal)) return;
  ::_exit(128 + signal);
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

int pending_signal() {
  if (pending != 0) taken_over = true;
  return pending;
}

Deferred::Deferred() { deferred++; }
Deferred::~Deferred() {
  if (--deferred == 0 && pending != 0 && !taken_over) ::_exit(128 + pending);
}

}  // namespace elbo
