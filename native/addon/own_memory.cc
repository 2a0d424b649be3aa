#include "addon/own_memory.h"

#include <utility>

#include "addon/js.h"

namespace slimnet {

napi_value OwnMemory::HandOut(napi_env env, HostBlock& block) {
  const size_t bytes = block.bytes();
  std::byte* const data = block.data();
  auto entry = std::make_unique<Entry>(Entry{blocks_, data});
  const napi_finalize finalize = [](napi_env, void*, void* hint) {
    const std::unique_ptr<Entry> done(static_cast<Entry*>(hint));
    done->blocks->erase(done->buffer);
  };
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, data, bytes, finalize, entry.get(), &buffer);
  if (status == napi_no_external_buffers_allowed) return nullptr;
  js::Check(env, status);
  entry.release();
  blocks_->emplace(data, std::make_shared<const HostBlock>(std::move(block)));
  return buffer;
}

std::shared_ptr<const HostBlock> OwnMemory::Find(const void* buffer) const {
  const auto found = blocks_->find(buffer);
  return found == blocks_->end() ? nullptr : found->second;
}

}  // namespace slimnet
