// A thin layer over Node-API: checked calls, values made and read with errors that name the argument.
//
// The module is registered through node-addon-api (addon.cc). What runs at each call uses Node-API itself: the wrapper
// ends the process where JavaScript code that it reaches (a getter of an options object, say) throws null, and reads
// the size of typed arrays by a table that lacks new kinds.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slimnet::js {

// Thrown when a JavaScript exception is pending: it goes on as it is.
struct PendingException {};

// Throws PendingException, or Error{kInternal} when Node-API refuses for another reason.
void Check(napi_env env, napi_status status);

// --- making values ---
napi_value String(napi_env env, std::string_view text);
napi_value Number(napi_env env, double value);
napi_value Boolean(napi_env env, bool value);
napi_value Undefined(napi_env env);
napi_value Object(napi_env env);
void Set(napi_env env, napi_value object, const char* name, napi_value value);
napi_value Array(napi_env env, const std::vector<napi_value>& items);
napi_value StringArray(napi_env env, const std::vector<std::string>& items);
napi_value NumberArray(napi_env env, const std::vector<int64_t>& items);

// --- reading values; `what` names the argument in Error{kArgument} ---
bool IsUndefined(napi_env env, napi_value value);
std::string ReadString(napi_env env, napi_value value, const char* what, size_t most_bytes);
int64_t ReadInteger(napi_env env, napi_value value, const char* what, int64_t least, int64_t most);
double ReadNumber(napi_env env, napi_value value, const char* what, double least, double most);
double ReadDouble(napi_env env, napi_value value, const char* what);
bool ReadBoolean(napi_env env, napi_value value, const char* what);
std::vector<napi_value> ReadArray(napi_env env, napi_value value, const char* what, size_t most);
// A property of an object. May run JavaScript (getters, proxies).
napi_value Get(napi_env env, napi_value object, const char* name, const char* what);
// What a value is, for messages: "a string", "undefined", "an array", ...
std::string Describe(napi_env env, napi_value value);

// Ends the lifetime of the handles made in between.
class Scope {
 public:
  explicit Scope(napi_env env) : env_(env) { opened_ = napi_open_handle_scope(env, &scope_) == napi_ok; }
  ~Scope() {
    if (opened_) napi_close_handle_scope(env_, scope_);
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
  bool opened_ = false;
};

// What `read(element)` makes of each element of an array.
template <class Read>
auto ReadList(napi_env env, napi_value value, const char* what, size_t most, const Read& read) {
  std::vector<decltype(read(value))> list;
  for (const napi_value element : ReadArray(env, value, what, most)) {
    const Scope scope(env);
    list.push_back(read(element));
  }
  return list;
}

// The arguments of a call. Missing ones are undefined.
class Arguments {
 public:
  Arguments(napi_env environment, napi_callback_info info);

  napi_env env() const { return env_; }
  napi_value self() const { return self_; }
  napi_value operator[](size_t i) const { return values_[i]; }

 private:
  static constexpr size_t kMost = 4;
  napi_env env_;
  napi_value self_ = nullptr;
  napi_value values_[kMost] = {};
};

}  // namespace slimnet::js
