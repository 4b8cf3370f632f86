#include <lanc/schedule/memory.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include <lanc/graph/error.h>

namespace lanc {

namespace {

constexpr int64_t line = 64, page = 4096, page_aligned_from = 2 << 20;
constexpr size_t most_scanned = 16'384;      // above, only so many intervals are placed by scanning what is placed already
// Visited (interval, placed interval) pairs, about 2 ns each: of the greedy orders, the first of which may use more, and of each climb.
constexpr int64_t greedy_budget = 150'000'000, climb_budget = 30'000'000;
constexpr int climb_steps = 20'000, first_steps = 2'000;  // after the first ones only while far from the bound
constexpr uint64_t climbs = 4;
constexpr double near_the_bound = 1.03;

int64_t round_up(int64_t bytes, int64_t unit) { return (bytes + unit - 1) / unit * unit; }

struct Item {
  size_t interval = 0;
  int64_t bytes = 0, alignment = line;
  int first = 0, last = 0;
};
using Order = std::vector<uint32_t>;  // of items

std::vector<Item> checked_items(std::span<const MemoryInterval> intervals) {
  std::vector<Item> items;
  int64_t sum = 0;
  for (size_t i = 0; i < intervals.size(); ++i) {
    const MemoryInterval& in = intervals[i];
    const auto refused = [&](const char* requirement) {
      return std::string("memory plan: ") + requirement + ", got interval " + std::to_string(i) + ": " + std::to_string(in.bytes) +
             " bytes in [" + std::to_string(in.first) + ", " + std::to_string(in.last) + "] aligned to " + std::to_string(in.alignment);
    };
    if (in.bytes < 0 || in.last < in.first) throw InternalError(refused("bytes must be >= 0 and last >= first"));
    if (in.alignment < 0 || (in.alignment & (in.alignment - 1)) != 0) throw InternalError(refused("an alignment must be a power of two"));
    if (in.bytes == 0) continue;
    const int64_t natural = in.bytes >= page_aligned_from ? page : line;
    const int64_t alignment = in.alignment == 0 ? natural : std::max(in.alignment, line);
    // Below this sum no offset overflows: each buffer adds at most its bytes and one gap.
    if (__builtin_add_overflow(sum, in.bytes, &sum) || __builtin_add_overflow(sum, 2 * line, &sum) ||
        __builtin_add_overflow(sum, alignment, &sum)) {
      throw BackendError(refused("the sum of all buffers must be below 2^63 bytes"));
    }
    items.push_back({i, round_up(in.bytes, line), alignment, in.first, in.last});
  }
  return items;
}

int64_t largest_live(const std::vector<Item>& items) {
  std::vector<std::pair<int64_t, int64_t>> changes;  // (time, bytes that begin there, or end before it)
  for (const Item& item : items) {
    changes.emplace_back(item.first, item.bytes);
    changes.emplace_back(int64_t{item.last} + 1, -item.bytes);
  }
  std::sort(changes.begin(), changes.end());  // ends before beginnings
  int64_t live = 0, largest = 0;
  for (const auto& [time, bytes] : changes) largest = std::max(largest, live += bytes);
  return largest;
}

enum class Fit { smallest_gap, lowest_offset };

// Places items one by one into the gaps between those that are live with them.
class Placer {
 public:
  explicit Placer(const std::vector<Item>& items) : items_(items), offsets_(items.size()) { placed_.reserve(items.size()); }

  // The total, or nothing placed and `limit` when the order needs at least as much as that.
  int64_t place(const Order& order, Fit fit, int64_t limit) {
    placed_.clear();
    int64_t total = 0;
    for (uint32_t i : order) {
      const Item& item = items_[i];
      const int64_t offset = offset_for(item, fit);
      total = std::max(total, offset + item.bytes);
      if (total >= limit) return limit;
      offsets_[i] = offset;
      const Placed placed{offset, offset + item.bytes, item.first, item.last};
      const auto below = [](const Placed& a, const Placed& b) { return a.begin < b.begin; };
      placed_.insert(std::upper_bound(placed_.begin(), placed_.end(), placed, below), placed);
    }
    return total;
  }

  const std::vector<int64_t>& offsets() const { return offsets_; }
  int64_t scanned() const { return scanned_; }

 private:
  struct Placed {
    int64_t begin, end;
    int first, last;
  };

  int64_t offset_for(const Item& item, Fit fit) {
    int64_t end = 0;  // of what lies below and is live with the item
    int64_t best = -1, best_gap = std::numeric_limits<int64_t>::max();
    size_t visited = 0;
    for (const Placed& p : placed_) {
      ++visited;
      if (p.first > item.last || p.last < item.first) continue;
      if (p.begin - end >= item.bytes) {
        const int64_t start = round_up(end, item.alignment), gap = p.begin - end;
        if (p.begin - start >= item.bytes && gap < best_gap) {
          best = start;
          best_gap = gap;
          if (fit == Fit::lowest_offset || gap == item.bytes) break;
        }
      }
      end = std::max(end, p.end);
    }
    scanned_ += static_cast<int64_t>(visited);
    return best >= 0 ? best : round_up(end, item.alignment);
  }

  const std::vector<Item>& items_;
  std::vector<int64_t> offsets_;
  std::vector<Placed> placed_;  // by begin
  int64_t scanned_ = 0;
};

// Larger keys first; equal ones by time, then by number.
template <class Key>
Order order_by(const std::vector<Item>& items, Key key) {
  Order order(items.size());
  std::iota(order.begin(), order.end(), 0u);
  std::vector<double> keys;
  for (const Item& item : items) keys.push_back(key(item));
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    if (keys[a] != keys[b]) return keys[a] > keys[b];
    if (items[a].first != items[b].first) return items[a].first < items[b].first;
    return a < b;
  });
  return order;
}

std::array<Order, 4> greedy_orders(const std::vector<Item>& items) {
  const auto size = [](const Item& item) { return static_cast<double>(item.bytes); };
  const auto duration = [](const Item& item) { return static_cast<double>(item.last) - item.first + 1; };
  return {order_by(items, size), order_by(items, [&](const Item& item) { return size(item) * duration(item); }), order_by(items, duration),
          order_by(items, [](const Item& item) { return -static_cast<double>(item.first); })};
}

struct Best {
  int64_t total = std::numeric_limits<int64_t>::max();
  Order order;
  Fit fit = Fit::smallest_gap;
  std::vector<int64_t> offsets;
};

// Moves an item that reaches the top, or a large one, to an earlier place of the order. Keeps what is no worse than ten steps ago (Burke and
// Bykov 2017: late acceptance), so that it leaves a place where every move is for the worse, and returns the best it saw.
void climb(const std::vector<Item>& items, int64_t bound, Placer& placer, Best& best, uint64_t attempt) {
  uint64_t state = 0x9e3779b97f4a7c15 * (2 * attempt + 1);
  const auto random = [&state](size_t below) {  // xorshift64*, Vigna 2016
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<size_t>((state * 0x2545f4914f6cdd1d) >> 33) % below;
  };
  Best now = best;
  std::array<int64_t, 10> late;
  late.fill(best.total);
  std::vector<size_t> top;  // positions in the order
  const auto find_top = [&] {
    top.clear();
    for (size_t k = 1; k < now.order.size(); ++k)
      if (now.offsets[now.order[k]] + items[now.order[k]].bytes == now.total) top.push_back(k);
  };
  const auto large = [&] {  // of several at random
    size_t largest = 1 + random(now.order.size() - 1);
    for (int i = 0; i < 20; ++i)
      if (const size_t other = 1 + random(now.order.size() - 1); items[now.order[other]].bytes > items[now.order[largest]].bytes) largest = other;
    return largest;
  };
  find_top();
  const int64_t most_visited = placer.scanned() + climb_budget;
  const auto good = static_cast<int64_t>(near_the_bound * static_cast<double>(bound));
  for (int step = 0; step < climb_steps && best.total > (step < first_steps ? bound : good) && placer.scanned() < most_visited; ++step) {
    const size_t from = !top.empty() && step % 4 < 2 ? top[random(top.size())] : large();
    const size_t to = random(from);
    Order order = now.order;
    const auto moved = order.begin() + static_cast<int64_t>(from);
    std::rotate(order.begin() + static_cast<int64_t>(to), moved, moved + 1);
    const Fit fit = step % 2 == 0 ? Fit::smallest_gap : Fit::lowest_offset;
    int64_t& before = late[static_cast<size_t>(step) % late.size()];
    const int64_t allowed = std::max(before, now.total), total = placer.place(order, fit, allowed + 1);
    if (total <= allowed) {
      now = {total, std::move(order), fit, placer.offsets()};
      find_top();
      if (total < best.total) best = now;
    }
    before = now.total;
  }
}

std::vector<int64_t> place_by_scanning(const std::vector<Item>& items, int64_t bound) {
  Placer placer(items);
  Best best;
  for (Order& order : greedy_orders(items)) {
    for (Fit fit : {Fit::smallest_gap, Fit::lowest_offset}) {
      if (best.total <= bound || (placer.scanned() > greedy_budget && !best.order.empty())) return best.offsets;
      const int64_t total = placer.place(order, fit, best.total);
      if (total < best.total) best = {total, order, fit, placer.offsets()};
    }
  }
  const double wanted = items.size() <= 64 ? 1.0 : near_the_bound;  // a small set is searched to the end: it costs nothing
  if (items.size() < 2 || static_cast<double>(best.total) <= wanted * static_cast<double>(bound)) return best.offsets;
  const Best greedy = best;  // a search either finds its way soon or not at all: several of them find it
  for (uint64_t attempt = 0; attempt < climbs; ++attempt) {
    Best found = greedy;
    climb(items, bound, placer, found, attempt);
    if (found.total < best.total) best = std::move(found);
    if (static_cast<double>(best.total) <= near_the_bound * static_cast<double>(bound)) break;
  }
  return best.offsets;
}

// Gaps of an address space that is open above, by offset and by size.
class FreeList {
 public:
  int64_t take(int64_t bytes, int64_t alignment) {
    for (auto gap = by_size_.lower_bound({bytes, 0}); gap != by_size_.end(); ++gap) {
      const auto [size, begin] = *gap;
      const int64_t start = round_up(begin, alignment);
      if (begin + size - start < bytes) continue;
      remove(begin, size);
      add(begin, start - begin);
      add(start + bytes, begin + size - start - bytes);
      return start;
    }
    const int64_t start = round_up(top_, alignment);
    const int64_t below = std::exchange(top_, start + bytes);
    give(below, start - below);
    return start;
  }

  void give(int64_t begin, int64_t bytes) {
    if (bytes == 0) return;
    auto above = by_offset_.lower_bound(begin);
    if (above != by_offset_.begin()) {
      const auto [offset, size] = *std::prev(above);
      if (offset + size == begin) {
        remove(offset, size);
        begin = offset;
        bytes += size;
      }
    }
    if (above != by_offset_.end() && above->first == begin + bytes) {
      const int64_t size = above->second;
      remove(begin + bytes, size);
      bytes += size;
    }
    add(begin, bytes);
  }

 private:
  void add(int64_t begin, int64_t size) {
    if (size == 0) return;
    by_offset_.emplace(begin, size);
    by_size_.emplace(size, begin);
  }
  void remove(int64_t begin, int64_t size) {
    by_offset_.erase(begin);
    by_size_.erase({size, begin});
  }

  std::map<int64_t, int64_t> by_offset_;
  std::set<std::pair<int64_t, int64_t>> by_size_;
  int64_t top_ = 0;
};

// As an allocator would at run time: in the order of definition, into the smallest gap. O(n log n).
std::vector<int64_t> place_by_time(const std::vector<Item>& items) {
  const Order begins = order_by(items, [](const Item& item) { return -static_cast<double>(item.first); });
  const Order ends = order_by(items, [](const Item& item) { return -static_cast<double>(item.last); });
  std::vector<int64_t> offsets(items.size());
  FreeList free;
  size_t ended = 0;
  for (uint32_t i : begins) {
    for (; items[ends[ended]].last < items[i].first; ++ended) free.give(offsets[ends[ended]], items[ends[ended]].bytes);
    offsets[i] = free.take(items[i].bytes, items[i].alignment);
  }
  return offsets;
}

int64_t total_of(const std::vector<Item>& items, const std::vector<int64_t>& offsets) {
  int64_t total = 0;
  for (size_t i = 0; i < items.size(); ++i) total = std::max(total, offsets[i] + items[i].bytes);
  return total;
}

// The better of two: all by time, or the largest ones by scanning and the others by time above them.
std::vector<int64_t> place_many(const std::vector<Item>& items) {
  std::vector<int64_t> by_time = place_by_time(items);
  const Order order = order_by(items, [](const Item& item) { return static_cast<double>(item.bytes); });
  std::vector<Item> large, small;
  for (size_t k = 0; k < order.size(); ++k) (k < most_scanned ? large : small).push_back(items[order[k]]);
  const std::vector<int64_t> lower = place_by_scanning(large, largest_live(large)), upper = place_by_time(small);
  int64_t alignment = line;
  for (const Item& item : small) alignment = std::max(alignment, item.alignment);
  const int64_t base = round_up(total_of(large, lower), alignment);
  std::vector<int64_t> mixed(items.size());
  for (size_t k = 0; k < order.size(); ++k) mixed[order[k]] = k < most_scanned ? lower[k] : base + upper[k - most_scanned];
  return total_of(items, mixed) < total_of(items, by_time) ? mixed : by_time;
}

}  // namespace

MemoryPlan plan_memory(std::span<const MemoryInterval> intervals) {
  const std::vector<Item> items = checked_items(intervals);
  MemoryPlan plan{.offsets = std::vector<int64_t>(intervals.size()), .largest_live_bytes = largest_live(items)};
  const std::vector<int64_t> offsets = items.size() <= most_scanned ? place_by_scanning(items, plan.largest_live_bytes) : place_many(items);
  for (size_t i = 0; i < items.size(); ++i) plan.offsets[items[i].interval] = offsets[i];
  plan.total_bytes = total_of(items, offsets);
  return plan;
}

}  // namespace lanc
