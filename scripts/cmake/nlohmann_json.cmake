# JSON for Modern C++, which tests alone use: the installed one, or the pinned sources that scripts/third_party.mjs gets.
# Defines slimnet_nlohmann_json.
add_library(slimnet_nlohmann_json INTERFACE)
find_package(nlohmann_json 3.10 CONFIG QUIET)
if(nlohmann_json_FOUND)
  target_link_libraries(slimnet_nlohmann_json INTERFACE nlohmann_json::nlohmann_json)
else()
  find_program(SLIMNET_NODE node REQUIRED)
  execute_process(
    COMMAND "${SLIMNET_NODE}" "${PROJECT_SOURCE_DIR}/scripts/third_party.mjs" nlohmann_json
    OUTPUT_VARIABLE nlohmann_json_root OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "nlohmann_json could not be obtained; the reason stands above.")
  endif()
  target_include_directories(slimnet_nlohmann_json SYSTEM INTERFACE "${nlohmann_json_root}/single_include")
endif()
