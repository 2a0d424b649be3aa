#include "addon/build_identity.h"

#include <dlfcn.h>
#include <sys/stat.h>

namespace slimnet {

std::string BuildIdentity() {
  std::string text = std::string("slimnet ") + SLIMNET_VERSION;
  Dl_info found{};
  struct stat file{};
  if (dladdr(reinterpret_cast<const void*>(&BuildIdentity), &found) == 0 || found.dli_fname == nullptr) return text;
  if (stat(found.dli_fname, &file) != 0) return text;
#if defined(__APPLE__)
  const timespec changed = file.st_mtimespec;
#else
  const timespec changed = file.st_mtim;
#endif
  text +=
      " " + std::to_string(file.st_size) + " " + std::to_string(changed.tv_sec) + "." + std::to_string(changed.tv_nsec);
  return text;
}

}  // namespace slimnet
