// lanc devices: what this machine and this build compute with.
#include <lanc/tools/commands.h>

#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include <lanc/backends/cpu/cpu.h>
#include <lanc/runtime/memory.h>

namespace lanc::tools {
namespace {

void print_devices(bool json) {
  const CpuInfo cpu = cpu_info();
  if (json) {
    const nlohmann::ordered_json record = {{"cpu",
                                            {{"model", cpu.model},
                                             {"threads", cpu.cores},
                                             {"kernel_tier", cpu.instruction_set},
                                             {"matrix_products", cpu.contract_library},
                                             {"fused_kernels", cpu.fused_kernels},
                                             {"available_memory_bytes", available_memory()}}},
                                           {"reference", {{"kernels", "one loop per op, on one thread"}}}};
    std::printf("%s\n", record.dump(2).c_str());
    return;
  }
  std::printf("cpu\n  model            %s\n  threads          %d\n  kernel tier      %s\n  matrix products  %s\n  fused kernels    %s\n  free memory      %s\n",
              cpu.model.c_str(), cpu.cores, cpu.instruction_set.c_str(), cpu.contract_library.c_str(), cpu.fused_kernels.c_str(),
              bytes_text(available_memory()).c_str());
  std::printf("reference\n  kernels          one loop per op, on one thread\n");
}

}  // namespace

void add_devices(CLI::App& app) {
  CLI::App* command = app.add_subcommand("devices", "The devices: processor, kernel tier in use, libraries behind matrix products and fused kernels, threads");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "As JSON");
  command->callback([json] { print_devices(*json); });
}

}  // namespace lanc::tools
