// Backends of libraries behind the interface of backend/device_library.h.
#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/device_library.h"

namespace slimnet {

// The backend `name` for the device of that index of a library, with these options; `device` is what sessions call such
// devices. The table lives as long as the process. Throws the library's Error, and Error{kBackend} for a library of
// another version.
std::unique_ptr<Backend> OpenDevice(const slimnet_device_library& library, std::string name, std::string device,
                                    int index, const GpuOptions& options);

// Empty, or why the library cannot be used with this build: a part of a sentence.
std::string Mismatch(const slimnet_device_library& library);

// The entry of a library that lies in `file` beside the addon (or the program), opened when it is first asked for and
// never closed: it has threads and tables of its own.
BackendEntry LibraryEntry(std::string name, std::string device, std::string file);

}  // namespace slimnet
