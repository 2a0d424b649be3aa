// Files of the runtime's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace slimnet {

// What the system says of an error (errno), in words.
std::string SystemText(int error);

// An open file that closes itself, and that other programs do not inherit. What is made is its owner's alone.
class OpenFile {
 public:
  // `flags` of open(2). IsOpen() says whether it went well; errno why not.
  OpenFile(const std::string& path, int flags);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool IsOpen() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  // False where the file ends before, or the system refuses.
  bool Read(void* to, size_t bytes, uint64_t offset) const;
  // Behind what was written before. 0, or what the system says (errno).
  int Write(const void* from, size_t bytes) const;

 private:
  int descriptor_;
};

}  // namespace slimnet
