#pragma once
// How much memory there is for what is loaded.

#include <cstdint>
#include <string>

namespace elbo {

// Bytes: the machine's, or fewer where the control group of this process (a container, a batch job) may use no more. `group`: where the
// group's limits lie, memory.max and memory.high of Linux' cgroup v2, or memory/memory.limit_in_bytes of v1.
std::uint64_t memory_there_is(const std::string& group = "/sys/fs/cgroup");

}  // namespace elbo
