/*
 * What pinning costs in C, on the same work as ours: batches of user_pfn[] -> host_pfn[], each page looked up in the mapping,
 * checked for its right, counted by a reference, and on its first pin charged against a limit; then the same pages unpinned.
 *
 *   pins tree|array in-order|random PAGES ROUNDS      prints the nanoseconds per page (pin and unpin) of each round
 *
 * tree: a node per page in a red-black tree keyed by IOVA, as drivers/vfio/vfio_iommu_type1.c keeps them (struct vfio_pfn).
 * array: a flat array of reference counts, the least that any bookkeeping can cost.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 512

struct node {
  struct node *parent, *left, *right;
  int red;
  uint64_t iova, pfn;
  uint32_t refs;
};

static struct node *root;

static void rotate(struct node *x, int left) {
  struct node *y = left ? x->right : x->left, *inner = left ? y->left : y->right;
  if (left) x->right = inner; else x->left = inner;
  if (inner) inner->parent = x;
  y->parent = x->parent;
  if (!x->parent) root = y;
  else if (x == x->parent->left) x->parent->left = y;
  else x->parent->right = y;
  if (left) y->left = x; else y->right = x;
  x->parent = y;
}

static struct node *find(uint64_t iova) {
  struct node *n = root;
  while (n && n->iova != iova) n = iova < n->iova ? n->left : n->right;
  return n;
}

static void insert(struct node *z) {
  struct node **link = &root, *parent = NULL;
  while (*link) {
    parent = *link;
    link = z->iova < parent->iova ? &parent->left : &parent->right;
  }
  z->parent = parent; z->left = z->right = NULL; z->red = 1;
  *link = z;
  while ((parent = z->parent) && parent->red) {
    struct node *grand = parent->parent;
    int left = parent == grand->left;
    struct node *uncle = left ? grand->right : grand->left;
    if (uncle && uncle->red) {
      parent->red = uncle->red = 0; grand->red = 1;
      z = grand;
      continue;
    }
    if (z == (left ? parent->right : parent->left)) { rotate(parent, left); z = parent; parent = z->parent; }
    parent->red = 0; grand->red = 1;
    rotate(grand, !left);
  }
  root->red = 0;
}

static void replace(struct node *old, struct node *new) {
  if (!old->parent) root = new;
  else if (old == old->parent->left) old->parent->left = new;
  else old->parent->right = new;
  if (new) new->parent = old->parent;
}

static void erase(struct node *z) {
  struct node *x, *parent;
  int red = z->red;
  if (!z->left) { x = z->right; parent = z->parent; replace(z, x); }
  else if (!z->right) { x = z->left; parent = z->parent; replace(z, x); }
  else {
    struct node *y = z->right;
    while (y->left) y = y->left;
    red = y->red; x = y->right;
    if (y->parent == z) parent = y;
    else { parent = y->parent; replace(y, x); y->right = z->right; y->right->parent = y; }
    replace(z, y);
    y->left = z->left; y->left->parent = y; y->red = z->red;
  }
  if (red) return;
  while (x != root && (!x || !x->red)) {
    int left = x == parent->left;
    struct node *w = left ? parent->right : parent->left;
    if (w->red) { w->red = 0; parent->red = 1; rotate(parent, left); w = left ? parent->right : parent->left; }
    struct node *near = left ? w->left : w->right, *far = left ? w->right : w->left;
    if ((!near || !near->red) && (!far || !far->red)) { w->red = 1; x = parent; parent = x->parent; continue; }
    if (!far || !far->red) { near->red = 0; w->red = 1; rotate(w, !left); w = left ? parent->right : parent->left; far = left ? w->right : w->left; }
    w->red = parent->red; parent->red = 0;
    if (far) far->red = 0;
    rotate(parent, left);
    x = root;
  }
  if (x) x->red = 0;
}

/* The mapping and its account; volatile, as another thread may change the limit at any time. */
static uint64_t map_start, map_end, locked;
static volatile uint64_t limit;
static int prot = 3;
static uint32_t *refs;

static int pin_tree(const uint64_t *user, uint64_t *host, int count) {
  uint64_t allowed = limit;
  for (int i = 0; i < count; i++) {
    uint64_t iova = user[i];
    if (iova < map_start || iova >= map_end || !(prot & 2)) return -1;
    struct node *n = find(iova);
    if (n) { n->refs++; host[i] = n->pfn; continue; }
    if (locked + 1 > allowed) return -1;
    n = malloc(sizeof *n);
    n->iova = iova; n->pfn = iova - map_start + 4096; n->refs = 1;
    insert(n);
    locked++;
    host[i] = n->pfn;
  }
  return count;
}

static int unpin_tree(const uint64_t *user, int count) {
  for (int i = 0; i < count; i++) {
    struct node *n = find(user[i]);
    if (!n) return i;
    if (--n->refs) continue;
    erase(n);
    free(n);
    locked--;
  }
  return count;
}

static int pin_array(const uint64_t *user, uint64_t *host, int count) {
  uint64_t allowed = limit;
  for (int i = 0; i < count; i++) {
    uint64_t iova = user[i];
    if (iova < map_start || iova >= map_end || !(prot & 2)) return -1;
    if (!refs[iova - map_start]) {
      if (locked + 1 > allowed) return -1;
      locked++;
    }
    refs[iova - map_start]++;
    host[i] = iova - map_start + 4096;
  }
  return count;
}

static int unpin_array(const uint64_t *user, int count) {
  for (int i = 0; i < count; i++) {
    uint64_t iova = user[i];
    if (iova < map_start || iova >= map_end || !refs[iova - map_start]) return i;
    if (!--refs[iova - map_start]) locked--;
  }
  return count;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int tree = !strcmp(argv[1], "tree"), random = !strcmp(argv[2], "random");
  int pages = atoi(argv[3]), rounds = atoi(argv[4]);
  uint64_t *user = malloc(pages * sizeof *user), host[BATCH], seed = 88172645463325252ull;
  map_start = 0x100000; map_end = map_start + pages; limit = pages;
  refs = calloc(pages, sizeof *refs);
  for (int i = 0; i < pages; i++) user[i] = map_start + i;
  for (int i = pages - 1; random && i > 0; i--) {
    seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17;
    int j = seed % (i + 1);
    uint64_t t = user[i]; user[i] = user[j]; user[j] = t;
  }
  for (int r = 0; r < rounds; r++) {
    double start = now();
    for (int i = 0; i < pages; i += BATCH) {
      int n = pages - i < BATCH ? pages - i : BATCH;
      if ((tree ? pin_tree(user + i, host, n) : pin_array(user + i, host, n)) != n) return 1;
    }
    if (locked != (uint64_t)pages) return 1;
    for (int i = 0; i < pages; i += BATCH) {
      int n = pages - i < BATCH ? pages - i : BATCH;
      if ((tree ? unpin_tree(user + i, n) : unpin_array(user + i, n)) != n) return 1;
    }
    if (locked) return 1;
    printf("%.3f\n", (now() - start) / pages);
  }
  return 0;
}
