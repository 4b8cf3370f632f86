# The command line, the examples, the benchmarks. Each links the library as a user's program does, warnings included.

function(lanc_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NAME" "SOURCES;LIBRARIES")
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE lanc lanc_flags ${arg_LIBRARIES})
  if(arg_NAME)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${arg_NAME})
  endif()
endfunction()

# fmt, nlohmann-json and CLI11 are free to use in programs of ours; an example shows only what a user needs.
if(LANC_BUILD_TOOLS)
  file(GLOB tool_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/*.cpp)
  if(tool_sources)
    lanc_program(lanc_tool NAME lanc SOURCES ${tool_sources}
                 LIBRARIES fmt::fmt nlohmann_json::nlohmann_json CLI11::CLI11)
    target_compile_definitions(lanc_tool PRIVATE LANC_VERSION="${PROJECT_VERSION}")
    set_target_properties(lanc_tool PROPERTIES INSTALL_RPATH "\$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  endif()
endif()

if(LANC_BUILD_EXAMPLES)
  file(GLOB example_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.cpp)
  foreach(source IN LISTS example_sources)
    get_filename_component(name ${source} NAME_WE)
    lanc_program(${name} SOURCES ${source})
  endforeach()
endif()

if(LANC_BUILD_BENCHMARKS)
  file(GLOB benchmark_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/benchmarks/*.cpp)
  foreach(source IN LISTS benchmark_sources)
    get_filename_component(name ${source} NAME_WE)
    lanc_program(${name} SOURCES ${source}
                 LIBRARIES benchmark::benchmark fmt::fmt nlohmann_json::nlohmann_json CLI11::CLI11)
  endforeach()
endif()
