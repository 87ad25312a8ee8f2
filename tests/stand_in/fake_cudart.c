// A CUDA runtime without a GPU: memory is the host's, copies are made, kernels do nothing.
// Stream capture follows the documented rules (global / thread_local / relaxed), so that the host
// side of torch can be run and watched. `fake_break(700)` makes an error that sticks, `fake_oom(n)`
// a memory that is full n times, `fake_count(name)` says how often something was called.
#define _GNU_SOURCE
#include <driver_types.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector_types.h>
#define API __attribute__((visibility("default")))
typedef cudaError_t E;
static pthread_mutex_t M = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static __thread E last = 0;
static __thread int dev = 0;
static __thread int tmode = 0; // thread's capture mode: 0 global 1 thread_local 2 relaxed
static int ndev = 1, cc = 90;
static size_t total = 8ull << 30, used = 0;
static E ret(E e) {
  if (e)
    last = e;
  return e;
}
// ---- counters
static struct {
  char n[96];
  long c;
} C[512];
static int nC;
static int quiet;
static void cnt(const char *n) {
  pthread_mutex_lock(&M);
  for (int i = 0; i < nC; i++)
    if (!strcmp(C[i].n, n)) {
      C[i].c++;
      pthread_mutex_unlock(&M);
      return;
    }
  if (nC < 512) {
    snprintf(C[nC].n, 96, "%s", n);
    C[nC++].c = 1;
  }
  pthread_mutex_unlock(&M);
}
API void fake_reset(void) {
  pthread_mutex_lock(&M);
  nC = 0;
  pthread_mutex_unlock(&M);
}
API long fake_count(const char *n) {
  long r = 0;
  pthread_mutex_lock(&M);
  for (int i = 0; i < nC; i++)
    if (!strcmp(C[i].n, n))
      r = C[i].c;
  pthread_mutex_unlock(&M);
  return r;
}
API void fake_report(char *b, int len) {
  int k = 0;
  b[0] = 0;
  pthread_mutex_lock(&M);
  for (int i = 0; i < nC; i++)
    k += snprintf(b + k, len - k > 0 ? len - k : 0, "%s=%ld ", C[i].n, C[i].c);
  pthread_mutex_unlock(&M);
}
static char why[512];
API const char *fake_why(void) { return why; }
__attribute__((constructor)) static void init(void) {
  char *s;
  if ((s = getenv("FAKE_CUDA_DEVICES")))
    ndev = atoi(s);
  if ((s = getenv("FAKE_CUDA_CC")))
    cc = atoi(s);
  if ((s = getenv("FAKE_CUDA_GB")))
    total = (size_t)(atof(s) * (1 << 30));
}
static E sticky = 0;
API void fake_break(int e) { sticky = e; }
static char oom_next = 0;
API void fake_oom(int n) { oom_next = n; }
// ---- streams and capture
typedef struct S {
  int dev;
  int cap;
  unsigned long long id;
  int mode;
  pthread_t owner;
  int invalid;
  long nodes;
  struct S *origin;
  struct S *next;
} S;
static S *streams;
static unsigned long long caps;
static S legacy[16];
typedef struct {
  unsigned long long cap;
  S *s;
  int rec;
} Ev;
static S *st(cudaStream_t s) {
  if (!s || s == (cudaStream_t)1 || s == (cudaStream_t)2) {
    legacy[dev].dev = dev;
    return &legacy[dev];
  }
  return (S *)s;
}
static S *org(S *s) { return s->origin ? s->origin : s; }
static void invalidate(S *o, const char *w) {
  o->invalid = 1;
  snprintf(why, sizeof why, "%s", w);
  cnt("CAPTURE_INVALIDATED");
}
// an unsafe call: forbidden where a capture in the right mode is under way
static E unsafe(const char *n) {
  if (tmode == 2)
    return 0;
  E r = 0;
  pthread_mutex_lock(&M);
  for (S *s = streams; s; s = s->next)
    if (s->cap && !s->origin && !s->invalid) {
      int mine = pthread_equal(s->owner, pthread_self());
      if ((mine && s->mode != 2) || (!mine && s->mode == 0 && tmode == 0)) {
        invalidate(s, n);
        r = 900;
      }
    }
  pthread_mutex_unlock(&M);
  return r;
}
static int anycap(void) {
  for (S *s = streams; s; s = s->next)
    if (s->cap && !s->origin)
      return 1;
  return 0;
}
static E work(S *s,
              const char *n) { // asynchronous work on a stream: 1 recorded, 0 to be done, error<0
  if (sticky)
    return -sticky;
  if (s->cap) {
    S *o = org(s);
    if (o->invalid)
      return -901;
    o->nodes++;
    return 1;
  }
  if (s == &legacy[dev]) {
    for (S *t = streams; t; t = t->next)
      if (t->cap && !t->origin && !t->invalid &&
          t->dev == dev) { /* torch streams are non-blocking: no implicit dependency */
      }
  }
  return 0;
}
API E cudaStreamCreateWithPriority(cudaStream_t *s, unsigned f, int p) {
  S *n = calloc(1, sizeof(S));
  n->dev = dev;
  pthread_mutex_lock(&M);
  n->next = streams;
  streams = n;
  pthread_mutex_unlock(&M);
  *s = (cudaStream_t)n;
  return 0;
}
API E cudaStreamCreate(cudaStream_t *s) { return cudaStreamCreateWithPriority(s, 0, 0); }
API E cudaStreamDestroy(cudaStream_t s) { return 0; }
API E cudaStreamGetPriority(cudaStream_t s, int *p) {
  *p = 0;
  return 0;
}
API E cudaStreamQuery(cudaStream_t s) {
  E u = unsafe("cudaStreamQuery");
  return ret(u ? u : sticky);
}
API E cudaStreamSynchronize(cudaStream_t s) {
  cnt("sync:stream");
  S *x = st(s);
  if (x->cap) {
    invalidate(org(x), "cudaStreamSynchronize of a capturing stream");
    return ret(900);
  }
  E u = unsafe("cudaStreamSynchronize");
  return ret(u ? u : sticky);
}
API E cudaDeviceSynchronize(void) {
  char nm[32];
  snprintf(nm, 32, "sync:device %d", dev);
  cnt(nm);
  E u = unsafe("cudaDeviceSynchronize");
  return ret(u ? u : sticky);
}
API E cudaStreamBeginCapture(cudaStream_t s, enum cudaStreamCaptureMode m) {
  S *x = st(s);
  if (x == &legacy[dev])
    return ret(900);
  if (x->cap)
    return ret(1);
  pthread_mutex_lock(&M);
  x->cap = 1;
  x->id = ++caps;
  x->mode = m;
  x->owner = pthread_self();
  x->invalid = 0;
  x->nodes = 0;
  x->origin = 0;
  pthread_mutex_unlock(&M);
  cnt("capture:begin");
  return 0;
}
API E cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *g) {
  S *x = st(s);
  if (!x->cap)
    return ret(1);
  pthread_mutex_lock(&M);
  int inv = x->invalid;
  long n = x->nodes;
  for (S *t = streams; t; t = t->next)
    if (t->origin == x) {
      t->cap = 0;
      t->origin = 0;
    }
  x->cap = 0;
  x->invalid = 0;
  pthread_mutex_unlock(&M);
  if (inv) {
    *g = 0;
    cnt("capture:end_invalid");
    return ret(901);
  }
  long *p = malloc(16);
  *p = n;
  *g = (cudaGraph_t)p;
  cnt("capture:end");
  return 0;
}
API E cudaStreamIsCapturing(cudaStream_t s, enum cudaStreamCaptureStatus *o) {
  S *x = st(s);
  *o = x->cap ? (org(x)->invalid ? 2 : 1) : 0;
  return 0;
}
API E cudaStreamGetCaptureInfo(cudaStream_t s, enum cudaStreamCaptureStatus *o,
                               unsigned long long *id, cudaGraph_t *g, const cudaGraphNode_t **d,
                               const cudaGraphEdgeData **e, size_t *n) {
  S *x = st(s);
  *o = x->cap ? (org(x)->invalid ? 2 : 1) : 0;
  if (id)
    *id = x->cap ? org(x)->id : 0;
  if (g)
    *g = 0;
  if (d)
    *d = 0;
  if (e)
    *e = 0;
  if (n)
    *n = 0;
  return 0;
}
API E cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode *m) {
  int t = tmode;
  tmode = *m;
  *m = t;
  return 0;
}
API E cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned f) {
  S *x = st(s);
  Ev *v = (Ev *)e;
  pthread_mutex_lock(&M);
  E r = 0;
  if (x->cap) {
    if (v->rec && v->cap != org(x)->id) {
      invalidate(org(x), "capturing stream waits for an event from outside the capture");
      r = 905;
    }
  } else if (v->rec && v->cap) {
    for (S *t = streams; t; t = t->next)
      if (t->cap && t->id == v->cap && !t->origin) {
        if (x == &legacy[dev]) {
          invalidate(t, "legacy stream would join the capture");
          r = 906;
        } else {
          x->cap = 1;
          x->origin = t;
          x->id = t->id;
        }
      }
  }
  pthread_mutex_unlock(&M);
  return ret(r);
}
API E cudaStreamAddCallback(cudaStream_t s, void *cb, void *u, unsigned f) { return 0; }
API E cudaLaunchHostFunc(cudaStream_t s, void (*f)(void *), void *u) {
  E w = work(st(s), "host");
  if (w < 0)
    return ret(-w);
  if (!w)
    f(u);
  return 0;
}
// ---- events
API E cudaEventCreateWithFlags(cudaEvent_t *e, unsigned f) {
  *e = (cudaEvent_t)calloc(1, sizeof(Ev));
  return 0;
}
API E cudaEventCreate(cudaEvent_t *e) { return cudaEventCreateWithFlags(e, 0); }
API E cudaEventDestroy(cudaEvent_t e) { return 0; }
API E cudaEventRecordWithFlags(cudaEvent_t e, cudaStream_t s, unsigned f) {
  S *x = st(s);
  Ev *v = (Ev *)e;
  v->rec = 1;
  v->s = x;
  v->cap = x->cap ? org(x)->id : 0;
  return ret(sticky);
}
API E cudaEventRecord(cudaEvent_t e, cudaStream_t s) { return cudaEventRecordWithFlags(e, s, 0); }
API E cudaEventQuery(cudaEvent_t e) {
  Ev *v = (Ev *)e;
  if (v->cap)
    return ret(907);
  E u = unsafe("cudaEventQuery");
  return ret(u ? u : sticky);
}
API E cudaEventSynchronize(cudaEvent_t e) {
  cnt("sync:event");
  E u = unsafe("cudaEventSynchronize");
  return ret(u ? u : sticky);
}
API E cudaEventElapsedTime(float *ms, cudaEvent_t a, cudaEvent_t b) {
  *ms = 1;
  return 0;
}
// ---- memory
typedef struct R {
  char *p;
  size_t n;
  int type, dev;
  struct R *next;
} R;
static R *ranges;
static void add(void *p, size_t n, int t) {
  R *r = malloc(sizeof(R));
  r->p = p;
  r->n = n;
  r->type = t;
  r->dev = dev;
  pthread_mutex_lock(&M);
  r->next = ranges;
  ranges = r;
  pthread_mutex_unlock(&M);
}
static R *find(const void *p) {
  pthread_mutex_lock(&M);
  R *r = ranges;
  for (; r; r = r->next)
    if ((char *)p >= r->p && (char *)p < r->p + r->n)
      break;
  pthread_mutex_unlock(&M);
  return r;
}
static size_t del(void *p) {
  pthread_mutex_lock(&M);
  for (R **q = &ranges; *q; q = &(*q)->next)
    if ((*q)->p == p) {
      R *r = *q;
      *q = r->next;
      size_t n = r->n;
      free(r);
      pthread_mutex_unlock(&M);
      return n;
    }
  pthread_mutex_unlock(&M);
  return 0;
}
static void *get(size_t n) {
  void *p = mmap(0, (n + 4095) & ~4095ul, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? 0 : p;
}
API E cudaMalloc(void **p, size_t n) {
  cnt("malloc:device");
  if (sticky)
    return ret(sticky);
  E u = unsafe("cudaMalloc");
  if (u)
    return ret(u);
  if (oom_next > 0 || used + n > total) {
    if (oom_next > 0)
      oom_next--;
    cnt("malloc:refused");
    *p = 0;
    return ret(2);
  }
  *p = get(n);
  if (!*p)
    return ret(2);
  used += n;
  add(*p, n, 2);
  return 0;
}
API E cudaFree(void *p) {
  cnt("free:device");
  if (sticky)
    return ret(sticky);
  E u = unsafe("cudaFree");
  if (u)
    return ret(u);
  if (!p)
    return 0;
  size_t n = del(p);
  used -= n;
  munmap(p, (n + 4095) & ~4095ul);
  return 0;
}
API E cudaMallocAsync(void **p, size_t n, cudaStream_t s) { return cudaMalloc(p, n); }
API E cudaFreeAsync(void *p, cudaStream_t s) { return cudaFree(p); }
API E cudaHostAlloc(void **p, size_t n, unsigned f) {
  cnt("malloc:pinned");
  E u = unsafe("cudaHostAlloc");
  if (u)
    return ret(u);
  *p = get(n);
  add(*p, n, 1);
  return 0;
}
API E cudaFreeHost(void *p) {
  E u = unsafe("cudaFreeHost");
  if (u)
    return ret(u);
  size_t n = del(p);
  munmap(p, (n + 4095) & ~4095ul);
  return 0;
}
API E cudaHostRegister(void *p, size_t n, unsigned f) {
  add(p, n, 1);
  return 0;
}
API E cudaHostUnregister(void *p) {
  del(p);
  return 0;
}
API E cudaMemGetInfo(size_t *f, size_t *t) {
  *t = total;
  *f = total - used;
  return ret(sticky);
}
API E cudaPointerGetAttributes(struct cudaPointerAttributes *a, const void *p) {
  memset(a, 0, sizeof *a);
  R *r = find(p);
  a->type = r ? r->type : 0;
  a->device = r ? r->dev : -2;
  if (r) {
    a->devicePointer = (void *)p;
    a->hostPointer = r->type == 1 ? (void *)p : 0;
  }
  return 0;
}
static E copy(void *d, const void *s, size_t n, int kind, S *x) {
  R *a = find(d), *b = find(s);
  const char *k = kind == 1 ? "h2d" : kind == 2 ? "d2h" : "d2d";
  char nm[64];
  int page = (kind == 1 && (!b || b->type == 0)) || (kind == 2 && (!a || a->type == 0));
  snprintf(nm, 64, "copy:%s%s", k,
           page ? (n > 65536 && kind == 1 ? "_pageable_large(sync)" : "_pageable") : "");
  cnt(nm);
  if (sticky)
    return ret(sticky);
  if (x->cap) {
    if (page) {
      invalidate(org(x), "copy of pageable host memory in a capture");
      return ret(900);
    }
    org(x)->nodes++;
    return 0;
  }
  if (kind == 2 && getenv("FAKE_READS") && *getenv("FAKE_READS") == '2') {
    memcpy(d, s, n);
    if (n % 8 == 0 && n <= 65536) {
      long long *q = d;
      for (size_t i = 0; i < n / 8; i++) {
        double v;
        memcpy(&v, q + i, 8);
        if (!(q[i] >= 0 && q[i] < 1000000) && !(v > 1e-6 && v < 1e3))
          q[i] = 1;
      }
    } else if (n == 4) {
      float v;
      memcpy(&v, d, 4);
      if (!(v >= 0 && v < 10))
        memset(d, 0, 4);
    } else if (n == 1)
      *(char *)d = 0;
  } else if (kind == 2 && !getenv("FAKE_READS")) {
    memset(d, 0, n);
    if (n == 8)
      *(long long *)d = 1;
  } else
    memcpy(d, s, n);
  return 0;
}
API E cudaMemcpyAsync(void *d, const void *s, size_t n, enum cudaMemcpyKind k, cudaStream_t t) {
  return copy(d, s, n, k, st(t));
}
API E cudaMemcpy(void *d, const void *s, size_t n, enum cudaMemcpyKind k) {
  cnt("sync:memcpy");
  E u = unsafe("cudaMemcpy");
  if (u)
    return ret(u);
  return copy(d, s, n, k, st(0));
}
API E cudaMemcpy2DAsync(void *d, size_t dp, const void *s, size_t sp, size_t w, size_t h,
                        enum cudaMemcpyKind k, cudaStream_t t) {
  cnt("copy:2d");
  S *x = st(t);
  if (x->cap) {
    org(x)->nodes++;
    return 0;
  }
  for (size_t i = 0; i < h; i++)
    memcpy((char *)d + i * dp, (char *)s + i * sp, w);
  return 0;
}
API E cudaMemcpyPeerAsync(void *d, int dd, const void *s, int sd, size_t n, cudaStream_t t) {
  cnt("copy:peer");
  memcpy(d, s, n);
  return 0;
}
API E cudaMemcpyToSymbol(const void *sym, const void *s, size_t n, size_t o,
                         enum cudaMemcpyKind k) {
  return 0;
}
API E cudaMemsetAsync(void *p, int v, size_t n, cudaStream_t t) {
  cnt("memset");
  E w = work(st(t), "memset");
  if (w < 0)
    return ret(-w);
  if (!w)
    memset(p, v, n);
  return 0;
}
API E cudaMemset(void *p, int v, size_t n) { return cudaMemsetAsync(p, v, n, 0); }
// ---- kernels
typedef struct K {
  const void *f;
  char *n;
  struct K *next;
} K;
static K *kern[65536];
static unsigned h(const void *p) { return ((uintptr_t)p >> 4) & 65535; }
API void **__cudaRegisterFatBinary(void *f) {
  static void *x;
  return &x;
}
API void __cudaRegisterFatBinaryEnd(void **f) {}
API void __cudaUnregisterFatBinary(void **f) {}
API char __cudaInitModule(void **f) { return 0; }
API void __cudaRegisterVar(void **a, char *b, char *c, const char *d, int e, size_t f, int g,
                           int i) {}
API void __cudaRegisterFunction(void **hd, const char *fun, char *df, const char *name, int tl,
                                void *a, void *b, void *c, void *d, int *w) {
  K *k = malloc(sizeof(K));
  k->f = fun;
  k->n = (char *)name;
  k->next = kern[h(fun)];
  kern[h(fun)] = k;
}
static const char *kname(const void *f) {
  for (K *k = kern[h(f)]; k; k = k->next)
    if (k->f == f)
      return k->n;
  return "?";
}
static __thread struct {
  dim3 g, b;
  size_t sh;
  void *s;
} cfg;
API unsigned __cudaPushCallConfiguration(dim3 g, dim3 b, size_t sh, void *s) {
  cfg.g = g;
  cfg.b = b;
  cfg.sh = sh;
  cfg.s = s;
  return 0;
}
API E __cudaPopCallConfiguration(dim3 *g, dim3 *b, size_t *sh, void *s) {
  *g = cfg.g;
  *b = cfg.b;
  *sh = cfg.sh;
  *(void **)s = cfg.s;
  return 0;
}
API E __cudaGetKernel(void **k, const void *f) {
  *k = (void *)f;
  return 0;
}
static int trace = -1;
static long after = -1, launched_total = 0;
static E launch(const void *f, void *s) {
  if (trace < 0)
    trace = getenv("FAKE_CUDA_TRACE") != 0;
  S *x = st((cudaStream_t)s);
  if (cc < 75)
    return ret(209);
  if (after < 0) {
    char *q = getenv("FAKE_BREAK_AFTER");
    after = q ? atol(q) : 0;
  }
  if (after && ++launched_total > after && !sticky) {
    sticky = 700;
  }
  E w = work(x, "kernel");
  if (w < 0) {
    return ret(-w);
  }
  cnt(w ? "kernel:captured" : "kernel:launched");
  if (trace) {
    char nm[96];
    snprintf(nm, 96, "k:%.90s", kname(f));
    cnt(nm);
  }
  return 0;
}
API E __cudaLaunchKernel(const void *k, dim3 g, dim3 b, void **a, size_t sh, void *s) {
  return launch(k, s);
}
API E cudaLaunchKernel(const void *k, dim3 g, dim3 b, void **a, size_t sh, void *s) {
  return launch(k, s);
}
API E cudaLaunchKernelExC(const cudaLaunchConfig_t *c, const void *f, void **a) {
  return launch(f, c->stream);
}
API E cudaFuncGetAttributes(struct cudaFuncAttributes *a, const void *f) {
  memset(a, 0, sizeof *a);
  a->maxThreadsPerBlock = 1024;
  a->numRegs = 32;
  a->binaryVersion = cc;
  a->ptxVersion = cc;
  a->maxDynamicSharedSizeBytes = 49152;
  return 0;
}
API E cudaFuncSetAttribute(const void *f, enum cudaFuncAttribute a, int v) { return 0; }
API E cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *n, const void *f, int b, size_t s,
                                                             unsigned fl) {
  *n = 8;
  return 0;
}
API E cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *n, const void *f, int b, size_t s) {
  *n = 8;
  return 0;
}
API E cudaGetSymbolAddress(void **p, const void *s) {
  *p = get(4096);
  return 0;
}
// ---- graphs
API E cudaGraphInstantiateWithFlags(cudaGraphExec_t *e, cudaGraph_t g, unsigned long long f) {
  long *p = malloc(16);
  *p = *(long *)g;
  *e = (cudaGraphExec_t)p;
  cnt("graph:instantiate");
  char nm[64];
  snprintf(nm, 64, "graph:nodes_last=%ld", *p);
  cnt(nm);
  return 0;
}
API E cudaGraphInstantiate(cudaGraphExec_t *e, cudaGraph_t g, unsigned long long f) {
  return cudaGraphInstantiateWithFlags(e, g, f);
}
API E cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s) {
  if (sticky)
    return ret(sticky);
  S *x = st(s);
  if (x->cap) {
    invalidate(org(x), "graph launch");
  }
  cnt("graph:launch");
  return 0;
}
API E cudaGraphDestroy(cudaGraph_t g) { return 0; }
API E cudaGraphExecDestroy(cudaGraphExec_t g) {
  cnt("graph:destroy");
  return 0;
}
API E cudaGraphGetNodes(cudaGraph_t g, cudaGraphNode_t *n, size_t *c) {
  *c = *(long *)g;
  return 0;
}
API E cudaGraphNodeGetDependencies(cudaGraphNode_t n, cudaGraphNode_t *d, cudaGraphEdgeData *e,
                                   size_t *c) {
  *c = 0;
  return 0;
}
API E cudaGraphDebugDotPrint(cudaGraph_t g, const char *p, unsigned f) { return 0; }
// ---- devices
API E cudaGetDeviceCount(int *n) {
  *n = ndev;
  return ndev ? 0 : ret(100);
}
API E cudaGetDevice(int *d) {
  *d = dev;
  return 0;
}
API E cudaSetDevice(int d) {
  if (d >= ndev)
    return ret(101);
  dev = d;
  return ret(sticky);
}
API E cudaGetDeviceProperties(struct cudaDeviceProp *p, int d) {
  memset(p, 0, sizeof *p);
  snprintf(p->name, 256, "Fake GPU sm_%d", cc);
  p->major = cc / 10;
  p->minor = cc % 10;
  p->totalGlobalMem = total;
  p->multiProcessorCount = 132;
  p->warpSize = 32;
  p->maxThreadsPerBlock = 1024;
  p->maxThreadsPerMultiProcessor = 2048;
  p->sharedMemPerBlock = 49152;
  p->sharedMemPerBlockOptin = 232448;
  p->sharedMemPerMultiprocessor = 233472;
  p->regsPerBlock = 65536;
  p->regsPerMultiprocessor = 65536;
  p->l2CacheSize = 60 << 20;
  p->maxBlocksPerMultiProcessor = 32;
  p->textureAlignment = 512;
  p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
  p->maxThreadsDim[2] = 64;
  p->maxGridSize[0] = 2147483647;
  p->maxGridSize[1] = p->maxGridSize[2] = 65535;
  p->concurrentKernels = 1;
  p->unifiedAddressing = 1;
  return 0;
}
API E cudaDeviceGetAttribute(int *v, enum cudaDeviceAttr a, int d) {
  *v = 0;
  if (a == cudaDevAttrMultiProcessorCount)
    *v = 132;
  if (a == cudaDevAttrComputeCapabilityMajor)
    *v = cc / 10;
  if (a == cudaDevAttrComputeCapabilityMinor)
    *v = cc % 10;
  if (a == cudaDevAttrMaxThreadsPerBlock)
    *v = 1024;
  if (a == cudaDevAttrWarpSize)
    *v = 32;
  if (a == cudaDevAttrMaxSharedMemoryPerBlock)
    *v = 49152;
  if (a == cudaDevAttrMaxThreadsPerMultiProcessor)
    *v = 2048;
  return 0;
}
API E cudaDeviceGetStreamPriorityRange(int *l, int *g) {
  *l = 0;
  *g = -5;
  return 0;
}
API E cudaDeviceCanAccessPeer(int *c, int a, int b) {
  *c = 0;
  return 0;
}
API E cudaDeviceEnablePeerAccess(int a, unsigned f) { return 0; }
API E cudaDeviceGetPCIBusId(char *s, int n, int d) {
  snprintf(s, n, "0000:%02d:00.0", d);
  return 0;
}
API E cudaDeviceGetDefaultMemPool(cudaMemPool_t *p, int d) {
  *p = 0;
  return 0;
}
API E cudaMemPoolGetAttribute(cudaMemPool_t p, enum cudaMemPoolAttr a, void *v) {
  *(uint64_t *)v = 0;
  return 0;
}
API E cudaMemPoolSetAttribute(cudaMemPool_t p, enum cudaMemPoolAttr a, void *v) { return 0; }
API E cudaMemPoolSetAccess(cudaMemPool_t p, void *a, size_t n) { return 0; }
API E cudaMemPoolTrimTo(cudaMemPool_t p, size_t n) { return 0; }
API E cudaDriverGetVersion(int *v) {
  *v = 13000;
  return 0;
}
API E cudaRuntimeGetVersion(int *v) {
  *v = 13000;
  return 0;
}
API E cudaGetLastError(void) {
  E e = last;
  last = 0;
  return sticky ? sticky : e;
}
API E cudaPeekAtLastError(void) { return sticky ? sticky : last; }
API const char *cudaGetErrorName(E e) {
  static __thread char b[32];
  snprintf(b, 32, "cudaError%d", e);
  return b;
}
API const char *cudaGetErrorString(E e) {
  switch ((int)e) {
  case 0:
    return "no error";
  case 2:
    return "out of memory";
  case 209:
    return "no kernel image is available for execution on the device";
  case 700:
    return "an illegal memory access was encountered";
  case 710:
    return "device-side assert triggered";
  case 900:
    return "operation not permitted when stream is capturing";
  case 901:
    return "operation failed due to a previous error during capture";
  case 905:
    return "dependency created on uncaptured work in another stream";
  case 906:
    return "operation would make the legacy stream depend on a capturing blocking stream";
  case 907:
    return "operation not permitted on an event last recorded in a capturing stream";
  }
  static __thread char b[32];
  snprintf(b, 32, "error %d", e);
  return b;
}
API E cudaProfilerStart(void) { return 0; }
API E cudaProfilerStop(void) { return 0; }
API E cudaIpcCloseMemHandle(void *p) { return 0; }
API E cudaIpcGetEventHandle(void *h, cudaEvent_t e) { return 0; }
API E cudaIpcGetMemHandle(void *h, void *p) { return 0; }
API E cudaIpcOpenEventHandle(cudaEvent_t *e, cudaIpcEventHandle_t h) { return 0; }
API E cudaIpcOpenMemHandle(void **p, cudaIpcMemHandle_t h, unsigned f) { return 0; }
static int drv() { return 0; }
static int ctxstate(int d, unsigned *f, int *a) {
  if (f)
    *f = 0;
  *a = 1;
  return 0;
}
API E cudaGetDriverEntryPointByVersion(const char *n, void **f, unsigned v, unsigned long long fl,
                                       enum cudaDriverEntryPointQueryResult *q) {
  *f = !strcmp(n, "cuDevicePrimaryCtxGetState") ? (void *)ctxstate : (void *)drv;
  if (q)
    *q = 0;
  return 0;
}
// ---- cuBLAS: nothing is computed; a product is one kernel
#define BLAS(n)                                                                                    \
  API int n(void *a, ...) { return 0; }
API int cublasCreate_v2(void **h) {
  *h = malloc(8);
  return 0;
}
BLAS(cublasDestroy_v2)
BLAS(cublasSetMathMode) BLAS(cublasSetPointerMode_v2)
    BLAS(cublasSetWorkspace_v2) static __thread void *bs;
API int cublasSetStream_v2(void *h, void *s) {
  bs = s;
  return 0;
}
API int cublasGetMathMode(void *h, int *m) {
  *m = 0;
  return 0;
}
API int cublasGetPointerMode_v2(void *h, int *m) {
  *m = 0;
  return 0;
}
#define GEMM(n)                                                                                    \
  API int n(void *a, ...) { return launch((void *)n, bs) ? 13 : 0; }
GEMM(cublasSgemm_v2)
GEMM(cublasDgemm_v2) GEMM(cublasGemmEx) GEMM(cublasSgemmEx) GEMM(cublasGemmStridedBatchedEx)
    GEMM(cublasSgemmStridedBatched) GEMM(cublasDgemmStridedBatched) GEMM(cublasSgemv_v2)
        GEMM(cublasDgemv_v2) API
    int cublasLtMatmulAlgoGetHeuristic(void *h, void *o, void *a, void *b, void *c, void *d,
                                       void *p, int n, void *r, int *k) {
  memset(r, 0, 64);
  *k = 1;
  return 0;
}
API int cublasLtMatmul(void *h, ...) {
  cnt("kernel:cublasLt");
  return 0;
}
API int cublasLtMatmulDescCreate(void **d, ...) {
  *d = malloc(256);
  return 0;
}
API int cublasLtMatrixLayoutCreate(void **d, ...) {
  *d = malloc(256);
  return 0;
}
API int cublasLtMatmulPreferenceCreate(void **d) {
  *d = malloc(256);
  return 0;
}
BLAS(cublasLtMatmulDescDestroy)
BLAS(cublasLtMatmulDescSetAttribute) BLAS(cublasLtMatmulPreferenceDestroy)
    BLAS(cublasLtMatmulPreferenceSetAttribute) BLAS(cublasLtMatrixLayoutDestroy)
        BLAS(cublasLtMatrixLayoutSetAttribute)
