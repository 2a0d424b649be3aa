#include "addon/js.h"

#include <cmath>

#include "base/error.h"

namespace slimnet::js {
namespace {

[[noreturn]] void Mismatch(napi_env env, const char* what, const std::string& expected, napi_value received) {
  throw Error(ErrorCode::kArgument,
              std::string(what) + ": expected " + expected + ", received " + Describe(env, received) + ".");
}

napi_valuetype TypeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  Check(env, napi_typeof(env, value, &type));
  return type;
}

// Not NaN either.
double NumberWithin(napi_env env, napi_value value, const char* what, const std::string& expected, double least,
                    double most) {
  if (TypeOf(env, value) != napi_number) Mismatch(env, what, expected, value);
  double number = 0;
  Check(env, napi_get_value_double(env, value, &number));
  if (!(number >= least && number <= most)) Mismatch(env, what, expected, value);
  return number;
}

bool IsArray(napi_env env, napi_value value) {
  bool is = false;
  return napi_is_array(env, value, &is) == napi_ok && is;
}

}  // namespace

void Check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  if (status == napi_pending_exception || (napi_is_exception_pending(env, &pending) == napi_ok && pending)) {
    throw PendingException();
  }
  throw Error(ErrorCode::kInternal,
              "Node-API call failed with status " + std::to_string(static_cast<int>(status)) + ".");
}

napi_value String(napi_env env, std::string_view text) {
  napi_value value = nullptr;
  Check(env, napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

napi_value Number(napi_env env, double number) {
  napi_value value = nullptr;
  Check(env, napi_create_double(env, number, &value));
  return value;
}

napi_value Boolean(napi_env env, bool boolean) {
  napi_value value = nullptr;
  Check(env, napi_get_boolean(env, boolean, &value));
  return value;
}

napi_value Undefined(napi_env env) {
  napi_value value = nullptr;
  Check(env, napi_get_undefined(env, &value));
  return value;
}

napi_value Object(napi_env env) {
  napi_value value = nullptr;
  Check(env, napi_create_object(env, &value));
  return value;
}

void Set(napi_env env, napi_value object, const char* name, napi_value value) {
  Check(env, napi_set_named_property(env, object, name, value));
}

napi_value Array(napi_env env, const std::vector<napi_value>& items) {
  napi_value array = nullptr;
  Check(env, napi_create_array_with_length(env, items.size(), &array));
  for (size_t i = 0; i < items.size(); ++i) {
    Check(env, napi_set_element(env, array, static_cast<uint32_t>(i), items[i]));
  }
  return array;
}

napi_value StringArray(napi_env env, const std::vector<std::string>& items) {
  std::vector<napi_value> values;
  for (const std::string& item : items) values.push_back(String(env, item));
  return Array(env, values);
}

napi_value NumberArray(napi_env env, const std::vector<int64_t>& items) {
  std::vector<napi_value> values;
  for (const int64_t item : items) values.push_back(Number(env, static_cast<double>(item)));
  return Array(env, values);
}

bool IsUndefined(napi_env env, napi_value value) { return TypeOf(env, value) == napi_undefined; }

std::string ReadString(napi_env env, napi_value value, const char* what, size_t most_bytes) {
  if (TypeOf(env, value) != napi_string) Mismatch(env, what, "a string", value);
  size_t length = 0;
  Check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  if (length > most_bytes) {
    throw Error(ErrorCode::kArgument, std::string(what) + ": expected at most " + std::to_string(most_bytes) +
                                          " bytes of text, received " + std::to_string(length) + ".");
  }
  std::string text(length, '\0');
  // Node-API writes a zero behind the text, where std::string has one anyway.
  Check(env, napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

int64_t ReadInteger(napi_env env, napi_value value, const char* what, int64_t least, int64_t most) {
  const std::string expected = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  const double number = NumberWithin(env, value, what, expected, static_cast<double>(least), static_cast<double>(most));
  if (std::trunc(number) != number) Mismatch(env, what, expected, value);
  return static_cast<int64_t>(number);
}

double ReadNumber(napi_env env, napi_value value, const char* what, double least, double most) {
  const std::string expected = "a number from " + std::to_string(least) + " to " + std::to_string(most);
  return NumberWithin(env, value, what, expected, least, most);
}

double ReadDouble(napi_env env, napi_value value, const char* what) {
  if (TypeOf(env, value) != napi_number) Mismatch(env, what, "a number", value);
  double number = 0;
  Check(env, napi_get_value_double(env, value, &number));
  return number;
}

bool ReadBoolean(napi_env env, napi_value value, const char* what) {
  if (TypeOf(env, value) != napi_boolean) Mismatch(env, what, "true or false", value);
  bool boolean = false;
  Check(env, napi_get_value_bool(env, value, &boolean));
  return boolean;
}

std::vector<napi_value> ReadArray(napi_env env, napi_value value, const char* what, size_t most) {
  if (!IsArray(env, value)) Mismatch(env, what, "an array", value);
  uint32_t length = 0;
  Check(env, napi_get_array_length(env, value, &length));
  if (length > most) {
    throw Error(ErrorCode::kArgument, std::string(what) + ": expected at most " + std::to_string(most) +
                                          " items, received " + std::to_string(length) + ".");
  }
  std::vector<napi_value> items(length);
  for (uint32_t i = 0; i < length; ++i) Check(env, napi_get_element(env, value, i, &items[i]));
  return items;
}

napi_value Get(napi_env env, napi_value object, const char* name, const char* what) {
  const napi_valuetype type = TypeOf(env, object);
  if (type != napi_object && type != napi_function) Mismatch(env, what, "an object", object);
  napi_value value = nullptr;
  Check(env, napi_get_named_property(env, object, name, &value));
  return value;
}

std::string Describe(napi_env env, napi_value value) {
  switch (TypeOf(env, value)) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number: {
      double number = 0;
      Check(env, napi_get_value_double(env, value, &number));
      if (std::trunc(number) == number && std::abs(number) < 1e15) return std::to_string(static_cast<int64_t>(number));
      return std::to_string(number);
    }
    case napi_string:
      return "a string";
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    case napi_external:
    case napi_object:
      return IsArray(env, value) ? "an array" : "an object";
  }
  return "a value of unknown type";
}

Arguments::Arguments(napi_env environment, napi_callback_info info) : env_(environment) {
  size_t count = kMost;
  Check(env_, napi_get_cb_info(env_, info, &count, values_, &self_, nullptr));
}

}  // namespace slimnet::js
