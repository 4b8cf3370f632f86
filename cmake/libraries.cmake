# lanc_graph  the graph library: graph, ops, autodiff. Static; compiled once and part of lanc.
# lanc        everything but the tools; what users link as lanc::lanc.
# lanc_jit    the only thing that sees LLVM: four C functions behind dlopen, beside lanc.
# Sources are found by folder; adding a file edits nothing.

function(lanc_sources variable)
  set(found "")
  foreach(folder IN LISTS ARGN)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
    list(APPEND found ${files})
  endforeach()
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

lanc_sources(graph_sources graph graph/* ops ops/* autodiff autodiff/*)
lanc_sources(cpu_sources backends/cpu backends/cpu/*)
lanc_sources(rest_sources passes passes/* schedule schedule/* backends backends/reference runtime runtime/*
             models models/* train train/* interop interop/*)
lanc_sources(jit_sources backends/jit)
lanc_instruction_set_flags(${cpu_sources})
set_property(SOURCE ${cpu_sources} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-O3>)

set(LANC_INCLUDE ${PROJECT_SOURCE_DIR}/include)   # include/lanc is a link to the root of the repository
set(LANC_PRIVATE_LIBRARIES fmt::fmt Boost::headers Eigen3::Eigen nlohmann_json::nlohmann_json ZLIB::ZLIB
    Threads::Threads ${CMAKE_DL_LIBS})

add_library(lanc_graph_objects OBJECT ${graph_sources})
target_include_directories(lanc_graph_objects PUBLIC ${LANC_INCLUDE})
target_link_libraries(lanc_graph_objects PRIVATE lanc_library_flags fmt::fmt Boost::headers Eigen3::Eigen)

# Public requirements: the headers and C++20. What the .cpp files use of others is linked, never included.
add_library(lanc_graph STATIC $<TARGET_OBJECTS:lanc_graph_objects>)
add_library(lanc::graph ALIAS lanc_graph)
target_include_directories(lanc_graph PUBLIC $<BUILD_INTERFACE:${LANC_INCLUDE}>)
target_compile_features(lanc_graph PUBLIC cxx_std_20)
target_link_libraries(lanc_graph PRIVATE lanc_library_flags fmt::fmt)

add_library(lanc $<TARGET_OBJECTS:lanc_graph_objects> ${cpu_sources} ${rest_sources})
add_library(lanc::lanc ALIAS lanc)
target_include_directories(lanc PUBLIC $<BUILD_INTERFACE:${LANC_INCLUDE}>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(lanc PUBLIC cxx_std_20)
target_link_libraries(lanc PRIVATE $<BUILD_INTERFACE:lanc_library_flags> ${LANC_PRIVATE_LIBRARIES})
set_target_properties(lanc PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                      LINKER_LANGUAGE CXX BUILD_RPATH "\$ORIGIN" INSTALL_RPATH "\$ORIGIN")
if(NOT PROJECT_IS_TOP_LEVEL)
  set_target_properties(lanc PROPERTIES EXCLUDE_FROM_ALL ON)   # who links lanc_graph only builds lanc_graph only
endif()
if(BUILD_SHARED_LIBS)
  # Hidden visibility without macros in headers: the version script exports what is in namespace lanc, nothing else.
  target_link_options(lanc PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/lanc.map)
  set_property(TARGET lanc APPEND PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/lanc.map)
  if(NOT LANC_SANITIZE)
    target_link_options(lanc PRIVATE LINKER:-z,defs)
  endif()
endif()

if(LANC_HAS_ONEDNN)
  set_property(SOURCE ${cpu_sources} APPEND PROPERTY COMPILE_DEFINITIONS LANC_HAS_ONEDNN=1)
  set_property(SOURCE ${cpu_sources} APPEND PROPERTY INCLUDE_DIRECTORIES ${LANC_ONEDNN_INCLUDE})
  target_link_libraries(lanc PRIVATE $<BUILD_INTERFACE:${LANC_ONEDNN_LIBRARY}>)
  set_property(TARGET lanc APPEND PROPERTY BUILD_RPATH ${LANC_ONEDNN_FOLDER})
endif()

if(LANC_HAS_LLVM AND jit_sources)
  add_library(lanc_jit MODULE ${jit_sources})
  target_include_directories(lanc_jit PRIVATE ${LANC_INCLUDE})
  target_include_directories(lanc_jit SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
  separate_arguments(_llvm_definitions UNIX_COMMAND "${LLVM_DEFINITIONS}")
  target_compile_definitions(lanc_jit PRIVATE ${_llvm_definitions})
  if(TARGET LLVM)
    set(_llvm_libraries LLVM)
  else()
    llvm_map_components_to_libnames(_llvm_libraries core native orcjit passes)
  endif()
  target_link_libraries(lanc_jit PRIVATE lanc_library_flags ${_llvm_libraries})
  target_link_options(lanc_jit PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/lanc_jit.map)
  set_target_properties(lanc_jit PROPERTIES OUTPUT_NAME lanc_jit INSTALL_RPATH "\$ORIGIN"
                        LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/lanc_jit.map)
  add_dependencies(lanc lanc_jit)   # loaded at run time: whoever builds lanc wants it there
endif()
