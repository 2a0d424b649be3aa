// Which build of the addon this is.
#pragma once

#include <string>

namespace slimnet {

// The version, and size and time of the addon's file: a new build is another one even where the version stays.
std::string BuildIdentity();

}  // namespace slimnet
