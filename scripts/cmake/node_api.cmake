# Node-API headers from node_modules: nothing is downloaded, and no header of a particular Node version is used.
find_program(SLIMNET_NODE node REQUIRED)

function(slimnet_node_include result expression)
  execute_process(
    COMMAND "${SLIMNET_NODE}" -p "${expression}"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status ERROR_QUIET)
  if(NOT status EQUAL 0 OR NOT IS_DIRECTORY "${folder}")
    message(FATAL_ERROR "The Node-API headers are missing (asked for: ${expression}). Run `npm ci` first.")
  endif()
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()

slimnet_node_include(node_api_headers "require('node-api-headers').include_dir")
slimnet_node_include(node_addon_api "require('node:path').dirname(require.resolve('node-addon-api/napi.h'))")

add_library(slimnet_node_api INTERFACE)
target_include_directories(slimnet_node_api SYSTEM INTERFACE "${node_api_headers}" "${node_addon_api}")
target_compile_definitions(slimnet_node_api INTERFACE
  NAPI_VERSION=9 NODE_ADDON_API_CPP_EXCEPTIONS NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS)
if(APPLE)
  target_link_options(slimnet_node_api INTERFACE -undefined dynamic_lookup)
endif()
