// The list of the reference kernels' files: a new file adds one line here.
#include <lanc/backends/reference/reference.h>

namespace lanc {

void add_reference_contract(ReferenceTable& table);
void add_reference_conv(ReferenceTable& table);
void add_reference_index(ReferenceTable& table);
void add_reference_cumulative(ReferenceTable& table);
void add_reference_layout(ReferenceTable& table);
void add_reference_pool(ReferenceTable& table);
void add_reference_random(ReferenceTable& table);
void add_reference_reduce(ReferenceTable& table);
void add_reference_slice(ReferenceTable& table);

void add_all_reference_kernels(ReferenceTable& table) {
  add_reference_contract(table);
  add_reference_conv(table);
  add_reference_index(table);
  add_reference_cumulative(table);
  add_reference_layout(table);
  add_reference_pool(table);
  add_reference_random(table);
  add_reference_reduce(table);
  add_reference_slice(table);
}

}  // namespace lanc
