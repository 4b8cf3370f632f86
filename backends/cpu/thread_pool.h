// backends/cpu/thread_pool.h: a fixed team of threads that runs small pieces of work side by side, within a microsecond of being asked.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

namespace lanc::cpu {

/// A piece of work. It never throws, and it waits for no other leaf of its section.
struct Leaf {
  void (*run)(void* args) = nullptr;
  void* args = nullptr;
};

/// What runs between two barriers: one list of leaves per worker, each list in its order. Lists of one section are independent.
/// There may be fewer lists than the pool has threads, or more: results depend on the lists only, never on who runs them.
struct Section {
  std::vector<std::vector<Leaf>> lists;
};

/// A fork-join pool of `threads` - 1 workers and the thread that calls. Every list has its owner; there is no queue, and nothing is
/// allocated after construction.
///
/// Waiting spins for 20 to 50 us (less where spinning was in vain lately), during a run for 200 us, then sleeps in a futex. Nobody spins
/// where the pool has more threads than the process has cores, or where the two that would wait for each other are on one core. A worker
/// that has not started when the caller is through with its own share (it sleeps, or another process has its core) loses its share to
/// the caller: a busy machine makes a section as slow as on one thread, slower only where a worker is interrupted within a leaf.
///
/// One run at a time. A run from within a leaf, or from a second thread while another is running, happens on the calling thread alone,
/// list after list, with the same results. All leaves run in the FloatEnvironment; the caller's own is restored at return. Nobody
/// may be running when the pool is destroyed.
class ThreadPool {
 public:
  static constexpr int most_threads = 1024;

  using Work = void (*)(void* context, int worker);

  /// 0: one per core that this process may use. 1: no thread is made. UserError when negative or above most_threads; BackendError when the
  /// system has no more threads.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// The caller's thread included.
  int threads() const { return threads_; }

  /// Calls work(context, worker) once for each worker in [0, threads()), and returns when all are done. `worker` names the share, not the
  /// thread: scratch memory indexed by it is never used by two at once.
  void run(Work work, void* context);

  /// Runs the sections one after the other. A section with one busy list runs on the caller and synchronizes with nobody.
  void run_sections(std::span<const Section> sections);

 private:
  struct Worker;

  void stop_workers();
  void post(Worker& worker, Work work, void* context, int index);
  void wake(Worker& worker);
  void finish(Worker& worker, int64_t grace_end);
  void fork_join(Work work, void* context, int count);
  bool on_core_of_caller(const Worker& worker) const;
  void work_loop(Worker& worker);
  uint32_t next_ticket(Worker& worker, uint32_t seen);

  int threads_ = 1;
  bool spins_ = true;
  std::atomic<bool> running_ = false, stopping_ = false;
  std::atomic<int> caller_core_ = -1;
  std::unique_ptr<Worker[]> workers_;  // of index 1, 2, ...: the caller is 0
};

/// The cores that this process may use: its affinity mask, cut by the CPU quota of its cgroups (v1 or v2). At least 1.
int available_cores();

/// Whole cores in a quota as cgroup v2 writes it, "200000 100000" (microseconds per period); 0 for "max 100000" and for anything else.
int cores_of_quota(std::string_view cpu_max);

}  // namespace lanc::cpu
