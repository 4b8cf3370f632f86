# The installed package: liblanc, liblanc_jit and libdnnl beside each other ($ORIGIN run paths), headers as <lanc/...>,
# a CMake package lanc::lanc and lanc.pc. Nothing in it names the source or the build tree.
include(CMakePackageConfigHelpers)

set(LANC_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/lanc)
set(LANC_DOC_DIR ${CMAKE_INSTALL_DATADIR}/doc/lanc)

install(TARGETS lanc EXPORT lanc-targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT lanc-targets NAMESPACE lanc:: DESTINATION ${LANC_CMAKE_DIR})
if(TARGET lanc_jit)
  install(TARGETS lanc_jit LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET lanc_tool)
  install(TARGETS lanc_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

install(FILES lanc.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lanc)
foreach(folder graph ops autodiff passes schedule backends runtime models train interop)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/${folder}/*.h)
  foreach(header IN LISTS headers)
    get_filename_component(subfolder ${header} DIRECTORY)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lanc/${subfolder})
  endforeach()
endforeach()
install(FILES LICENSE CHANGELOG.md DESTINATION ${LANC_DOC_DIR})

# A oneDNN that is not the system's travels with the package, and its licence with it.
set(LANC_BUNDLED_ONEDNN "")
if(LANC_HAS_ONEDNN AND NOT LANC_ONEDNN_FOLDER MATCHES "^/usr/(local/)?lib")
  set(LANC_BUNDLED_ONEDNN ${LANC_ONEDNN_SONAME})
  install(FILES ${LANC_ONEDNN_LIBRARY} RENAME ${LANC_ONEDNN_SONAME} DESTINATION ${CMAKE_INSTALL_LIBDIR}
          PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  foreach(file LICENSE THIRD-PARTY-PROGRAMS)
    if(EXISTS ${LANC_ONEDNN_FOLDER}/../share/doc/onednn/${file})
      install(FILES ${LANC_ONEDNN_FOLDER}/../share/doc/onednn/${file} DESTINATION ${LANC_DOC_DIR}/onednn)
    endif()
  endforeach()
endif()

configure_package_config_file(cmake/lanc-config.cmake.in ${PROJECT_BINARY_DIR}/lanc-config.cmake
                              INSTALL_DESTINATION ${LANC_CMAKE_DIR} PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lanc-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lanc-config.cmake ${PROJECT_BINARY_DIR}/lanc-config-version.cmake
        DESTINATION ${LANC_CMAKE_DIR})

# pkg-config finds the prefix from where the file lies, so that the installed tree can be moved.
file(RELATIVE_PATH LANC_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
set(LANC_PC_PRIVATE "")
if(NOT BUILD_SHARED_LIBS)
  set(LANC_PC_PRIVATE "-lfmt -lz -ldl -lpthread")
  if(LANC_BUNDLED_ONEDNN)
    string(APPEND LANC_PC_PRIVATE " -l:${LANC_BUNDLED_ONEDNN}")
  endif()
endif()
configure_file(cmake/lanc.pc.in ${PROJECT_BINARY_DIR}/lanc.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/lanc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
