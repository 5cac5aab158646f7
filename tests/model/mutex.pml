/* The interprocess mutex of mutex.hpp and mutex.cpp with its reservation, as GuardedWriter::alloc uses it, and what
 * taking a seat does for it (seat.cpp, lease.cpp).
 *
 * Each STEP is one access to shared memory, one system call on the futex word or one on a lease; labels M1 to M3 and V1
 * to V6 as in mutex.hpp. A process is killed between any two steps, with all its threads.
 *
 * Memory is sequentially consistent but for the claim words: the reservation rests on a store to one (V1) that is
 * followed by a load of the mutex word (V3). So each seat has a store buffer for its claim, which drains at any time,
 * and at a locked instruction or fence of its thread.
 *
 * A slice of sleep may end when that makes a difference: the word has changed, its owner's lease is free, or the one it
 * is reserved for is not inside. Without that a party would wake and sleep for ever, and Spin could not tell that nobody
 * gets anywhere.
 *
 * Sizes, -D:   SEATS, PARTIES (the first have the seats, the others wait for one), ROUNDS of alloc each,
 *              RESERVERS (the first so many parties may reserve whenever they unlock, but on a seat of two threads),
 *              THREADS (1: parties 0 and 1 are threads of one process, on one seat; 2: on a seat each),
 *              TIMED (the first so many parties may run out of time)
 * Faults, -D:  KILLS;  SLICES 0: nobody ever wakes by himself
 * Mutations:   M_..., each must be found out. tests/model/README.md lists them.
 */
#ifndef SEATS
#define SEATS 2
#endif
#ifndef PARTIES
#define PARTIES 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef RESERVERS
#define RESERVERS 0
#endif
#ifndef THREADS
#define THREADS 0
#endif
#ifndef TIMED
#define TIMED 0
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef SLICES
#define SLICES 1
#endif
#ifdef M_NO_SLICES
#undef SLICES
#define SLICES 0
#endif

/* The word: 0 free, else seat + 1, with R and a generation if it is reserved, with W if somebody may be asleep on it. */
#define OWNER(word) ((word) & 7)
#define R 64
#define W 128
#define IS_RESERVED(word) (((word) & R) != 0)
#define RESERVED_FOR(seat, generation) (R + (generation) * 8 + (seat) + 1)
#define GENERATIONS 8
#define NO_SEAT 99
#define NOBODY 99

byte word;
byte lease[SEATS];  /* kept by the kernel: process + 1, or 0 */
byte closed[SEATS]; /* kept by the kernel: read locks on the byte of a seat that is free */
bool asleep[PARTIES];
#if RESERVERS
bit claim[SEATS];          /* 1: anything but idle */
byte buffer[SEATS];        /* a store to it that is on its way: value + 1, or 0 */
byte reservations[SEATS];
#endif

byte kills;
bool dead[PARTIES];   /* by process */
byte inside = NOBODY; /* ghost: the process that may publish */
#if RESERVERS
byte head, published; /* ghost: the newest seq + 1 */
#endif

#define DIE atomic { kills < KILLS && !dead[process] -> kills++; dead[process] = true; goto killed }
#define STEP(access) \
  if \
  :: atomic { !dead[process] -> access } \
  :: atomic { dead[process] -> goto killed } \
  :: DIE \
  fi
#define ENTER assert(inside == NOBODY || dead[inside]); inside = process
#define DRAIN(k) if :: buffer[k] > 0 -> claim[k] = buffer[k] - 1; buffer[k] = 0 :: else fi
#if RESERVERS
#define LOCKED DRAIN(seat) /* a locked instruction of a thread that has a seat */
#define DRAIN_OF_DEAD(k) DRAIN(k)
#else
#define LOCKED skip
#define DRAIN_OF_DEAD(k) skip
#endif

/* FUTEX_WAKE of one; FUTEX_WAKE_OP, where `then` is not the word itself: stored in the same step of the kernel. */
inline wake_one(then) {
  if
  :: atomic { !dead[process] && asleep[0] -> word = then; asleep[0] = false }
#if PARTIES > 1
  :: atomic { !dead[process] && asleep[1] -> word = then; asleep[1] = false }
#endif
#if PARTIES > 2
  :: atomic { !dead[process] && asleep[2] -> word = then; asleep[2] = false }
#endif
#if PARTIES > 3
  :: atomic { !dead[process] && asleep[3] -> word = then; asleep[3] = false }
#endif
  :: atomic {
       !dead[process] && !asleep[0] && !asleep[PARTIES > 1] && !asleep[(PARTIES > 2) * 2] && !asleep[(PARTIES > 3) * 3]
       -> word = then
     }
  :: atomic { dead[process] -> goto killed }
  :: DIE
  fi
}

/* free_dead_mutex(). Requires: nobody can take seat `it`, its holder is dead. */
inline free_dead_mutex(it) {
  STEP( now = word );
  do
  :: OWNER(now) != it + 1 -> break
  :: else -> /* M3. Another waiter's W may come in between */
     STEP( if :: word == now -> word = 0; ok = true :: else -> now = word; ok = false fi );
     if
     :: !ok
     :: ok && now >= W -> wake_one(word); break
     :: ok && now < W -> break
     fi
  od;
  now = 0; ok = false
}

/* with_dead_seat(): under a read lock on the byte, which keeps newcomers out, and which a living holder refuses. */
#ifdef M_OWN_DESCRIPTION /* a lease is asked for through the description that holds it */
#define LOOKS_FREE(k) (lease[k] == 0 || lease[k] == process + 1)
#else
#define LOOKS_FREE(k) (lease[k] == 0)
#endif
inline take_from_dead(it) {
#ifdef M_NO_BYTE
  free_dead_mutex(it);
#else
  STEP( if :: LOOKS_FREE(it) -> closed[it]++; closes = it + 1 :: else fi );
  if
  :: closes > 0 ->
#ifdef M_BYTE_BACK_FIRST
     STEP( now = word );
     STEP( closed[it]--; closes = 0 );
     STEP( if :: OWNER(now) == it + 1 && word == now -> word = 0 :: else fi );
     now = 0
#else
     free_dead_mutex(it);
     STEP( closed[it]--; closes = 0 )
#endif
  :: else
  fi
#endif
}

proctype Party(byte me; byte process; byte seat) {
  byte seen, now, waiters, closes, rounds = ROUNDS, i;
  bool ok;
#if RESERVERS
  byte seq, reserved;
#endif

  if
  :: seat == NO_SEAT ->
end_without_seat: /* try_take() of seat.cpp; any free seat, not the first */
     if
     :: atomic { !dead[process] && lease[0] == 0 -> i = 0 }
#if SEATS > 1
     :: atomic { !dead[process] && lease[1] == 0 -> i = 1 }
#endif
#if SEATS > 2
     :: atomic { !dead[process] && lease[2] == 0 -> i = 2 }
#endif
     fi;
#ifndef M_NEWCOMER_NO_REPAIR
     STEP( ok = (OWNER(word) == i + 1) );
     if
     :: ok -> ok = false; take_from_dead(i)
     :: else
     fi;
#endif
     STEP( if :: lease[i] == 0 && closed[i] == 0 -> lease[i] = process + 1; seat = i :: else fi; i = 0 );
     if
     :: seat == NO_SEAT -> goto end_without_seat
     :: else
     fi;
#ifndef M_NEWCOMER_NO_REPAIR
     free_dead_mutex(seat); /* begin_anew() */
#endif
#if RESERVERS
     STEP( claim[seat] = 0 )
#endif
  :: else
  fi;

again:
  if
  :: rounds == 0 -> goto leave
  :: rounds > 0 -> rounds--
  :: rounds > 0 -> goto leave
  fi;

#if RESERVERS
  /* GuardedWriter::alloc */
  if
  :: reserved == 0 -> goto lock
  :: else
  fi;
  STEP( ok = (word == reserved) ); /* has_reservation() */
  if
  :: !ok -> goto lock
  :: else -> ok = false
  fi;
V1:
  STEP( DRAIN(seat); buffer[seat] = 1 + 1 );
V2:
#ifdef M_NO_FENCE
  STEP( head++; seq = head );
#else
  STEP( DRAIN(seat); head++; seq = head );
#endif
V3:
#ifdef M_NO_V3
  STEP( ok = true; ENTER );
#else
#ifdef M_ENTERS_WITH_W
  STEP( if :: word % W == reserved -> ok = true; ENTER :: else fi );
#else
  STEP( if :: word == reserved -> ok = true; ENTER :: else fi );
#endif
#endif
  if
  :: ok -> STEP( assert(seq > published); published = seq );
     STEP( assert(inside == process); inside = NOBODY; DRAIN(seat); buffer[seat] = 0 + 1; seq = 0 ) /* W4 */
  :: else -> STEP( DRAIN(seat); buffer[seat] = 0 + 1; seq = 0 ) /* give_up() */
  fi;
  STEP( if :: word != reserved -> seen = 1 :: else fi );
  if
  :: seen == 1 -> seen = 0; /* give_reservation_back() */
     STEP( LOCKED; if :: word == reserved -> word = 0; reserved = 0 :: else -> now = word fi );
     if
     :: reserved > 0 && now == reserved + W ->
        STEP( if :: word == now -> word = 0; seen = 1 :: else fi );
        if
        :: seen == 1 -> wake_one(word)
        :: else
        fi
     :: else
     fi;
     seen = 0; now = 0; reserved = 0
  :: else
  fi;
  if
  :: ok -> ok = false; goto again
  :: else
  fi;
lock:
#endif
  /* try_lock_free(): M1 */
  STEP( LOCKED; if :: word == 0 -> word = seat + 1; ok = true; ENTER :: else fi );
  if
  :: ok -> goto critical
  :: else
  fi;

  /* lock_slow() */
  STEP( seen = word );
contend:
  if
  :: seen == 0 -> /* M1 */
     STEP( if :: word == 0 -> word = seat + 1 + waiters; ok = true; ENTER :: else -> seen = word fi );
     if
     :: ok -> goto critical
     :: else -> goto contend
     fi
  :: else
  fi;
#ifndef M_OWN_DESCRIPTION
  if
  :: OWNER(seen) == seat + 1 -> goto alive /* another thread on this seat, or this one's own reservation */
  :: else
  fi;
#endif
  STEP( ok = LOOKS_FREE(OWNER(seen) - 1) );
  if
  :: !ok -> goto alive
  :: else -> ok = false
  fi;
  i = OWNER(seen) - 1;
  take_from_dead(i);
  i = 0;
  STEP( if :: word != seen -> seen = word; ok = true :: else fi );
  if
  :: ok -> ok = false; goto contend
  :: else /* another repairer, or a newcomer, has the seat */
  fi;
alive:
  ok = false;
  if
  :: me < TIMED && !IS_RESERVED(seen) -> goto out_of_time
  :: true
  fi;
#ifdef M_V6_FIRST
  if
  :: IS_RESERVED(seen) && seen < W ->
     STEP( if :: !claim[OWNER(seen) - 1] -> ok = true :: else fi );
     if
     :: ok -> ok = false;
        STEP( if :: word == seen -> word = 0 :: else fi ); STEP( seen = word ); goto contend
     :: else
     fi
  :: else
  fi;
#endif
  if
  :: seen < W -> /* V4 */
     STEP( LOCKED; if :: word == seen -> word = seen + W; seen = seen + W; ok = true :: else -> seen = word fi );
     if
     :: ok -> ok = false
     :: else -> goto contend
     fi
  :: else
  fi;
#ifndef M_FORGET_WAITERS
  waiters = W;
#endif
#if RESERVERS
  if
  :: IS_RESERVED(seen) -> /* take_reservation_back(). It spins for longer than a store takes to come out of a buffer. */
V6:
     if
     :: atomic { !dead[process] && !claim[OWNER(seen) - 1] -> ok = true }
     :: atomic { !dead[process] && claim[OWNER(seen) - 1] && buffer[OWNER(seen) - 1] == 0 }
     :: atomic { dead[process] -> goto killed }
     :: DIE
     fi;
     if
     :: ok -> ok = false;
        STEP( if :: word == seen -> word = 0 :: else fi );
        STEP( seen = word );
        goto contend
     :: else
     fi
  :: else
  fi;
  if
  :: me < TIMED -> goto out_of_time
  :: true
  fi;
#endif
  STEP( if :: word == seen -> asleep[me] = true :: else fi ); /* FUTEX_WAIT */
  if
  :: atomic { !dead[process] && !asleep[me] }
#if TIMED
  :: atomic { !dead[process] && asleep[me] && me < TIMED -> asleep[me] = false } /* the deadline has come */
#endif
#if SLICES
  :: atomic { !dead[process] && asleep[me] && (word != seen || lease[OWNER(seen) - 1] == 0) -> asleep[me] = false }
#if RESERVERS
  :: atomic { !dead[process] && asleep[me] && IS_RESERVED(seen) && !claim[OWNER(seen) - 1] -> asleep[me] = false }
#endif
#endif
  :: atomic { dead[process] -> goto killed }
  :: DIE
  fi;
  STEP( seen = word );
  goto contend;

out_of_time:
  atomic { seen = 0; waiters = 0 };
  goto again;

critical:
  atomic { seen = 0; waiters = 0; ok = false };
#if RESERVERS
  STEP( DRAIN(seat); claim[seat] = 1; head++; seq = head ); /* W1 and W2, which is a locked instruction */
  STEP( assert(claim[seat] == 1); assert(seq > published); published = seq );
  STEP( assert(inside == process); inside = NOBODY; assert(OWNER(word) == seat + 1);
        buffer[seat] = 0 + 1; seq = 0 ); /* W4 */
  if
#ifdef M_RESERVES_SHARED
  :: me < RESERVERS && reservations[seat] < GENERATIONS ->
#else
  :: me < RESERVERS && !(THREADS == 1 && process == 0) && reservations[seat] < GENERATIONS ->
#endif
     /* unlock_and_reserve() */
#ifdef M_NO_GENERATION
     now = 0;
#else
     STEP( now = reservations[seat]; reservations[seat]++ );
#endif
     STEP( LOCKED; if :: word == seat + 1 -> word = RESERVED_FOR(seat, now); reserved = word :: else -> reserved = 0 fi );
     now = 0;
     if
     :: reserved > 0 -> goto again
     :: else
     fi
  :: true
  fi;
#else
  STEP( assert(inside == process); inside = NOBODY; assert(OWNER(word) == seat + 1) );
#endif
  /* unlock(): M2 */
  STEP( LOCKED; if :: word == seat + 1 -> word = 0; ok = true :: else fi );
  if
  :: ok -> ok = false
  :: else ->
#ifdef M_UNLOCK_NO_WAKE
     STEP( word = 0 )
#else
     wake_one(0) /* FUTEX_WAKE_OP */
#endif
  fi;
  goto again;

leave:
  if
  :: goto end_attached
  :: true
  fi;
  if
  :: THREADS && process == 0 -> goto end_attached
  :: else
  fi;
  STEP( LOCKED; lease[seat] = 0 ); /* if there is a reservation, its owner is now a dead one */
  goto gone;

killed:
  atomic {
    i = 0;
    do
    :: i < SEATS -> if :: lease[i] == process + 1 -> lease[i] = 0; DRAIN_OF_DEAD(i) :: else fi; i++
    :: else -> break
    od;
    i = 0;
    if :: closes > 0 -> closed[closes - 1]--; closes = 0 :: else fi;
    asleep[me] = false; seen = 0; now = 0; waiters = 0; rounds = 0; ok = false; seat = 0
#if RESERVERS
    ; seq = 0; reserved = 0
#endif
  };
  goto gone;
end_attached:
  false;
gone:
  skip
}

#if RESERVERS
proctype Memory() {
end_memory:
  do
  :: atomic { buffer[0] > 0 -> DRAIN(0) }
#if SEATS > 1
  :: atomic { buffer[1] > 0 -> DRAIN(1) }
#endif
#if SEATS > 2
  :: atomic { buffer[2] > 0 -> DRAIN(2) }
#endif
  od
}
#endif

init {
  atomic {
#if THREADS == 1
    lease[0] = 1;
    run Party(0, 0, 0);
    run Party(1, 0, 0);
#if PARTIES > 2
#if SEATS > 1
    lease[1] = 3;
    run Party(2, 2, 1);
#else
    run Party(2, 2, NO_SEAT);
#endif
#endif
#if PARTIES > 3
    run Party(3, 3, NO_SEAT);
#endif
#else
    byte i;
    for (i : 0 .. PARTIES - 1) {
      if
      :: i < SEATS && THREADS == 2 && i == 1 -> lease[i] = 1; run Party(i, 0, i)
      :: i < SEATS && !(THREADS == 2 && i == 1) -> lease[i] = i + 1; run Party(i, i, i)
      :: else -> run Party(i, i, NO_SEAT)
      fi
    }
    i = 0;
#endif
#if RESERVERS
    run Memory()
#endif
  }
}
