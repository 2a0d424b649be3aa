// cuDNN, found and opened when it is first needed: slimnet neither links it nor ships it.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace slimnet::cudnn {

struct EntryPoints;

// Where to look, in this order, besides where the system's loader looks.
struct LibraryPlaces {
  std::vector<std::string> folders;  // with libcudnn.so.9 itself, or in lib/ or lib64/ below
  // A libcudnn.so.9 that is not in one of them is taken from where the loader finds it.
  bool loader = true;
};

// $SLIMNET_CUDNN_ROOT, then what the loader finds.
LibraryPlaces DefaultPlaces();

// An opened cuDNN: never closed again, as its threads and tables outlive any caller. May be shared by threads.
class Library {
 public:
  // Opens cuDNN 9.8 or a later 9. Error{kBackend} names each place that was tried and what was found there.
  static std::shared_ptr<const Library> Open(const LibraryPlaces& places);

  virtual ~Library() = default;
  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  virtual const EntryPoints& entry_points() const = 0;
  // Like cudnnGetVersion: 91900 is 9.19.0.
  virtual size_t version() const = 0;
  // "cuDNN 9.19.0 (/usr/lib/libcudnn.so.9)"
  virtual const std::string& description() const = 0;
};

// A cuDNN handle of the CUDA device that is current when it is made.
class Handle {
 public:
  // Error{kBackend} where the device is too old, or the driver is.
  static std::shared_ptr<const Handle> Create(std::shared_ptr<const Library> library);

  virtual ~Handle() = default;
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  virtual const std::shared_ptr<const Library>& library() const = 0;
  // The cudnnHandle_t.
  virtual void* native() const = 0;
};

}  // namespace slimnet::cudnn
