#pragma once
// Work in a child process: under another user, under limits, killed at any moment. The child may use one thread only.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <string>

namespace elbo::testing {

// Runs `work` in a forked child and returns the text that it returned; "threw: ..." or "killed by signal N" where it did not.
template <class F>
std::string in_child(F&& work) {
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::string text;
    try {
      text = work();
    } catch (const std::exception& error) {
      text = std::string("threw: ") + error.what();
    }
    const bool written = ::write(pipe_ends[1], text.data(), text.size()) == ssize_t(text.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  std::string text;
  char block[4096];
  for (ssize_t n; (n = ::read(pipe_ends[0], block, sizeof block)) > 0;) text.append(block, std::size_t(n));
  ::close(pipe_ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return text;
}

}  // namespace elbo::testing
