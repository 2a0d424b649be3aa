// How many cores this process may use.
#pragma once

#include <optional>
#include <string>

namespace slimnet {

// min(affinity mask, control group's quota), at least 1. A quota of 2.5 cores counts as 2: a third thread would be
// stopped in the middle of a step while the others wait for it.
int AvailableCores();

// Cores that a control group below `root` (normally /sys/fs/cgroup) grants, nothing where there is no limit.
// `membership` is the content of /proc/self/cgroup; both versions of control groups are understood.
std::optional<double> CgroupCores(const std::string& root, const std::string& membership);

}  // namespace slimnet
