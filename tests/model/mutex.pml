/* The interprocess mutex of mutex.hpp and mutex.cpp with its reservation, as GuardedWriter::alloc uses it; how a seat is
 * taken and left (seat.cpp, lease.cpp); and who says that its holder has died (witness.cpp).
 *
 * Each STEP is one access to shared memory, or one system call on the futex word or on the leases; labels E1 to E6 as in
 * seat.hpp, M1 to M3 and V1 to V6 as in mutex.hpp. A process is killed between any two steps, with all its threads. The
 * kernel gives up its locks some time later; the witness may know of its death as soon as it has happened
 * (/proc), or only by its lease. A process is stopped for ever between any two steps of what nobody may wait for: where
 * it neither holds the mutex, nor is inside by a reservation.
 *
 * Memory is sequentially consistent but for the claim words: the reservation rests on a store to one (V1) that is
 * followed by a load of the mutex word (V3). So the first claim of each seat has a store buffer, which drains at any
 * time, and at a locked instruction or fence of its thread. The second claim, that of a handle's other threads, is not
 * here: nobody looks at it in the name of the mutex.
 *
 * A slice of sleep may end when that makes a difference: the word has changed, its owner's session is over, or the one
 * it is reserved for is not inside. Without that a party would wake and sleep for ever, and Spin could not tell that
 * nobody gets anywhere. For the same reason a newcomer tries a seat only where it may get it.
 *
 * Sizes, -D:   SEATS, PARTIES (the first HELD of them have a seat, the others come), ROUNDS of alloc each,
 *              RESERVERS (the first so many parties may reserve whenever they unlock),
 *              THREADS (1: parties 0 and 1 are the first thread of a handle and another one, in seat 0),
 *              CLEARERS (processes that clear up after a dead holder: clear_dead_seat()),
 *              PLAIN (1: newcomers are writers that know nothing of the mutex, and stay inside of alloc for ever),
 *              TIMED (the first so many parties may run out of time)
 * Faults, -D:  KILLS;  STOPS;  PROC 0: the witness knows leases only;  SLICES 0: nobody ever wakes by himself
 * Mutations:   M_..., each must be found out. tests/model/README.md lists them.
 */
#ifndef SEATS
#define SEATS 2
#endif
#ifndef PARTIES
#define PARTIES 3
#endif
#ifndef THREADS
#define THREADS 0
#endif
#ifndef HELD
#define HELD (SEATS + THREADS)
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef RESERVERS
#define RESERVERS 0
#endif
#ifndef CLEARERS
#define CLEARERS 0
#endif
#ifndef PLAIN
#define PLAIN 0
#endif
#ifndef TIMED
#define TIMED 0
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef PROC
#define PROC 1
#endif
#ifndef SLICES
#define SLICES 1
#endif
#ifdef M_NO_SLICES
#undef SLICES
#define SLICES 0
#endif
#define PROCESSES (PARTIES + CLEARERS) /* with THREADS, 1 is none */

/* The word: 0 free, else seat + 1 and the number of its session; or R, seat + 1 and the number of its reservation. W with
 * each if somebody may be asleep on it. */
#define OWNER(word) ((word) & 7)
#define W 8
#define R 16
#define NUMBER(word) ((word) >> 5)
#define NUMBERS 8
#define HAS_W(word) (((word) & W) != 0)
#define IS_RESERVED(word) (((word) & R) != 0)
#ifdef M_NO_SESSION /* the word does not say whose session it is */
#define OWNED_BY(seat, session) ((seat) + 1)
#else
#define OWNED_BY(seat, session) ((session) * 32 + (seat) + 1)
#endif
#define RESERVED_FOR(seat, number) ((number) * 32 + R + (seat) + 1)
#define NO_SEAT 99
#define NOBODY 99

byte word;
byte session[SEATS];
byte ended[SEATS];
byte door[PROCESSES];  /* kept by the kernel: the byte that this process has locked; 0: none */
byte lease[PROCESSES]; /* likewise */
bool asleep[PARTIES];
#if RESERVERS
bit claim[SEATS];      /* 1: anything but idle */
byte buffer[SEATS];    /* a store to it that is on its way: value + 1, or 0 */
byte reservations[SEATS];
#endif

byte kills, stops;
byte dead[PROCESSES];   /* 1: killed. 2: and /proc shows it */
byte holder[SEATS];     /* ghost: the process + 1 that holds the seat, or died with it; 0: nobody does */
byte inside = NOBODY;   /* ghost: the process that may publish */
#if RESERVERS
byte head, published;   /* ghost: the newest seq + 1 */
byte newest_first[SEATS]; /* ghost: the number of the first reservation of the seat's newest session */
#endif

#define BYTE_OF(seat, session) ((seat) * NUMBERS + (session))
#define HOLDS(bytes, p, b) (p < PROCESSES && bytes[(p < PROCESSES -> p : 0)] == (b))
#define IS_LOCKED(bytes, b) \
  (HOLDS(bytes, 0, b) || HOLDS(bytes, 1, b) || HOLDS(bytes, 2, b) || HOLDS(bytes, 3, b) || HOLDS(bytes, 4, b))

/* Witness::life_of, and the truth. */
#define IS_PROVED_OVER(seat, s) \
  ((s) == 0 || ended[seat] >= (s) || session[seat] > (s) || !IS_LOCKED(lease, BYTE_OF(seat, s)))
#define DEATH_OF_HOLDER(seat) dead[(holder[seat] > 0 -> holder[seat] - 1 : 0)]
#define IS_SHOWN_DEAD(seat, s) (holder[seat] > 0 && session[seat] == (s) && DEATH_OF_HOLDER(seat) == 2)
#define MAY_BE_OVER(seat, s) (IS_PROVED_OVER(seat, s) || IS_SHOWN_DEAD(seat, s))
#define IS_HELD(seat) (holder[seat] > 0 && !DEATH_OF_HOLDER(seat))
#define IS_OVER(seat, s) (session[seat] > (s) || !IS_HELD(seat))

/* A seat that a newcomer may get, as far as the witness can tell; and in truth. */
#define AT_DOOR(seat) \
  (IS_LOCKED(door, BYTE_OF(seat, session[seat] + 1)) || IS_LOCKED(lease, BYTE_OF(seat, session[seat] + 1)))
#define LOOKS_FREE(seat) (seat < SEATS && !AT_DOOR(seat % SEATS) && MAY_BE_OVER(seat % SEATS, session[seat % SEATS]))
#define IS_FREE(seat) (seat < SEATS && !AT_DOOR(seat % SEATS) && !IS_HELD(seat % SEATS))

#define DRAIN(k) if :: buffer[k] > 0 -> claim[k] = buffer[k] - 1; buffer[k] = 0 :: else fi
#if RESERVERS
#define LOCKED if :: FIRST -> DRAIN(seat) :: else fi /* a locked instruction of a thread that has a seat */
#define DRAIN_OF_DEAD if :: seat < SEATS && buffer[seat % SEATS] > 0 -> DRAIN(seat) :: else fi
#else
#define LOCKED skip
#define DRAIN_OF_DEAD skip
#endif
#define FIRST (!(THREADS && me == 1)) /* the only thread of its handle, or the first one */

#if PROC
#define ALSO_SHOWN \
  :: atomic { kills < KILLS && !dead[process] -> kills++; dead[process] = 2; DRAIN_OF_DEAD; goto killed }
#else
#define ALSO_SHOWN
#endif
#define DIE \
  atomic { kills < KILLS && !dead[process] -> kills++; dead[process] = 1; DRAIN_OF_DEAD; goto killed } ALSO_SHOWN
#if STOPS
#define OR_STOP :: atomic { stops < STOPS && !dead[process] -> stops++; goto stopped }
#else
#define OR_STOP
#endif
/* Where nobody needs to wait for this thread; and where it holds what others want. */
#define STEP(access) \
  if \
  :: atomic { !dead[process] -> access } \
  :: atomic { dead[process] -> goto killed } \
  :: DIE \
  OR_STOP \
  fi
#define OWNING(access) \
  if \
  :: atomic { !dead[process] -> access } \
  :: atomic { dead[process] -> goto killed } \
  :: DIE \
  fi
/* What changes nothing: to be killed or stopped before it is to be so after it. */
#define LOOK(access) \
  if \
  :: atomic { !dead[process] -> access } \
  :: atomic { dead[process] -> goto killed } \
  fi
#define ENTER assert(inside == NOBODY || dead[inside]); inside = process

/* FUTEX_WAKE of one */
inline wake_one() {
  if
  :: atomic { !dead[process] && asleep[0] -> asleep[0] = false }
#if PARTIES > 1
  :: atomic { !dead[process] && asleep[1] -> asleep[1] = false }
#endif
#if PARTIES > 2
  :: atomic { !dead[process] && asleep[2] -> asleep[2] = false }
#endif
#if PARTIES > 3
  :: atomic { !dead[process] && asleep[3] -> asleep[3] = false }
#endif
  :: atomic {
       !dead[process] && !asleep[0] && !asleep[PARTIES > 1] && !asleep[(PARTIES > 2) * 2] && !asleep[(PARTIES > 3) * 3]
     }
  :: atomic { dead[process] -> goto killed }
  :: DIE
  OR_STOP
  fi
}

/* Witness::life_of of a session that has begun: ok if it says that it is over. */
inline ask(it, s) {
  LOOK( if
        :: MAY_BE_OVER(it, s) -> assert(IS_OVER(it, s)); ok = true
        :: !IS_PROVED_OVER(it, s) -> ok = false
        fi )
}

/* Nobody frees the word of a living session, but itself. */
#if RESERVERS
#define CHECK(w) \
  assert(!IS_HELD(OWNER(w) - 1) || \
         (IS_RESERVED(w) -> NUMBER(w) < newest_first[OWNER(w) - 1] : NUMBER(w) < session[OWNER(w) - 1]))
#else
#define CHECK(w) assert(!IS_HELD(OWNER(w) - 1) || NUMBER(w) < session[OWNER(w) - 1])
#endif
#ifdef M_NO_SESSION
#undef CHECK
#define CHECK(w) skip
#endif

/* free_word(): M3. Requires: `it` is the word of one who is dead, or of nobody any more. */
inline free_word(it) {
  atomic { now = it; ok = false };
#ifdef M_STORE
  STEP( word = 0; ok = true );
#else
  STEP( if :: word == now -> CHECK(now); word = 0; ok = true :: else -> now = word fi );
#ifndef M_NO_W_AGAIN
  if
  :: !ok && !HAS_W(it) && now == it + W -> STEP( if :: word == now -> CHECK(now); word = 0; ok = true :: else fi )
  :: else
  fi;
#endif
#endif
  if
  :: ok && HAS_W(now) -> wake_one()
  :: else
  fi;
  atomic { now = 0; ok = false }
}

#define CLAIMS_IDLE STEP( claim[seat] = 0 )
#if !RESERVERS
#undef CLAIMS_IDLE
#define CLAIMS_IDLE skip
#endif
#if RESERVERS
#define COUNT_FIRST newest_first[seat] = reservations[seat]
#else
#define COUNT_FIRST skip
#endif
#define BEGIN \
  STEP( assert(session[seat] + 1 == mine && !IS_HELD(seat)); \
        session[seat] = mine; holder[seat] = process + 1; COUNT_FIRST )

#if RESERVERS
/* give_reservation_back() */
inline give_back() {
  STEP( LOCKED; if :: word == reserved -> word = 0; reserved = 0 :: else -> now = word fi );
  if
  :: reserved > 0 && now == reserved + W ->
     STEP( if :: word == now -> word = 0; seen = 1 :: else fi );
     if
     :: seen == 1 -> wake_one()
     :: else
     fi
  :: else
  fi;
  atomic { seen = 0; now = 0; reserved = 0 }
}
#endif

proctype Party(byte me; byte process; byte seat) {
  byte mine = 1; /* this handle's session */
  byte seen, now, waiters, s, i, rounds = ROUNDS;
  bool ok;
#if RESERVERS
  byte seq, reserved;
#endif

  if
  :: seat == NO_SEAT ->
     atomic { mine = 0 };
without_seat: /* any free seat, not the first */
     if
     :: atomic { LOOKS_FREE(0) -> i = 0 }
     :: atomic { LOOKS_FREE(1) -> i = 1 }
     :: atomic { LOOKS_FREE(2) -> i = 2 }
     :: atomic { !IS_FREE(0) && !IS_FREE(1) && !IS_FREE(2) -> goto end_all_taken }
     fi;
     LOOK( s = session[i]; assert(s + 1 < NUMBERS) ); /* E1 */
     ask(i, s);
     if
     :: !ok -> atomic { s = 0; i = 0 }; goto without_seat
     :: else -> ok = false
     fi;
#ifdef M_ONE_BYTE /* door and lease are one byte */
     STEP( if :: IS_LOCKED(lease, BYTE_OF(i, s + 1)) -> ok = true
              :: else -> door[process] = BYTE_OF(i, s + 1); lease[process] = door[process] fi );
#else
     STEP( if :: IS_LOCKED(door, BYTE_OF(i, s + 1)) -> ok = true
              :: else -> door[process] = BYTE_OF(i, s + 1) fi ); /* E2 */
#endif
     if
     :: ok -> atomic { ok = false; s = 0; i = 0 }; goto without_seat
     :: else
     fi;
#ifndef M_NO_E3
     LOOK( ok = (session[i] != s) ); /* E3 */
     if
     :: ok -> goto step_back
     :: else
     fi;
#endif
#ifndef M_ONE_BYTE
     STEP( if :: IS_LOCKED(lease, BYTE_OF(i, s + 1)) -> ok = true
              :: else -> lease[process] = BYTE_OF(i, s + 1) fi ); /* E3 */
#endif
     if
     :: ok -> goto step_back
     :: else -> atomic { seat = i; mine = s + 1; s = 0; i = 0 }
     fi;
#ifdef M_BEGIN_FIRST /* E5 before E4 */
     BEGIN;
#endif
#ifndef M_NO_REPAIR /* E4: free_mutex_of_seat() */
     LOOK( seen = word );
     if
     :: OWNER(seen) == seat + 1 -> free_word(seen)
     :: else
     fi;
     seen = 0;
#endif
     CLAIMS_IDLE; /* E4 */
#ifndef M_BEGIN_FIRST
     BEGIN; /* E5 */
#endif
#if PLAIN
     STEP( claim[seat] = 1 );
     goto end_attached
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
  OWNING( head++; seq = head );
#else
  OWNING( DRAIN(seat); head++; seq = head );
#endif
V3:
#ifdef M_NO_V3
  OWNING( ok = true; ENTER );
#else
#ifdef M_ENTERS_WITH_W
  OWNING( if :: (word & (255 - W)) == reserved -> ok = true; ENTER :: else fi );
#else
  OWNING( if :: word == reserved -> ok = true; ENTER :: else fi );
#endif
#endif
  if
  :: ok -> OWNING( assert(seq > published); published = seq );
     OWNING( assert(inside == process); inside = NOBODY; DRAIN(seat); buffer[seat] = 0 + 1; seq = 0 ) /* W4 */
  :: else -> OWNING( DRAIN(seat); buffer[seat] = 0 + 1; seq = 0 ) /* give_up() */
  fi;
  LOOK( if :: word != reserved -> seen = 1 :: else fi );
  if
  :: seen == 1 -> seen = 0; give_back()
  :: else
  fi;
  if
  :: ok -> ok = false; goto again
  :: else
  fi;
lock:
#endif
  /* try_lock_free(): M1 */
  STEP( LOCKED; if :: word == 0 -> word = OWNED_BY(seat, mine); ok = true; ENTER :: else fi );
  if
  :: ok -> goto critical
  :: else
  fi;

  /* lock_slow() */
  LOOK( seen = word );
contend:
  if
  :: seen == 0 -> /* M1 */
     STEP( LOCKED; if :: word == 0 -> word = OWNED_BY(seat, mine) + waiters; ok = true; ENTER
                   :: else -> seen = word fi );
     if
     :: ok -> goto critical
     :: else -> goto contend
     fi
  :: else
  fi;
  /* life_of_owner() */
  LOOK( s = session[OWNER(seen) - 1] );
#ifndef M_NO_SESSION
  atomic {
    if :: !IS_RESERVED(seen) -> assert(NUMBER(seen) <= s) /* else the code refuses the segment as corrupt */ :: else fi;
    ok = (OWNER(seen) == seat + 1 && s == mine && (IS_RESERVED(seen) || NUMBER(seen) == s));
    s = (IS_RESERVED(seen) -> s : NUMBER(seen))
  };
#else
  ok = (OWNER(seen) == seat + 1 && s == mine);
#endif
  if
  :: ok -> ok = false; goto alive /* another thread of this handle, or this one's own reservation */
  :: else
  fi;
  i = OWNER(seen) - 1;
  ask(i, s);
#ifdef M_LIFE_FIRST /* the word is looked at once more after the proof */
  LOOK( seen = word );
  if :: OWNER(seen) != i + 1 -> atomic { ok = false; i = 0; s = 0 }; goto contend :: else fi;
#endif
  atomic { i = 0; s = 0 };
  if
  :: !ok -> goto alive
  :: else -> ok = false
  fi;
  free_word(seen);
  LOOK( seen = word );
  goto contend;
alive:
  s = 0;
  if
  :: me < TIMED && !IS_RESERVED(seen) -> goto out_of_time
  :: true
  fi;
#ifdef M_V6_FIRST
  if
  :: IS_RESERVED(seen) && !HAS_W(seen) ->
     STEP( if :: !claim[OWNER(seen) - 1] -> ok = true :: else fi );
     if
     :: ok -> ok = false;
        STEP( if :: word == seen -> word = 0 :: else fi ); LOOK( seen = word ); goto contend
     :: else
     fi
  :: else
  fi;
#endif
  if
  :: !HAS_W(seen) -> /* V4 */
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
     fi;
     if
     :: ok -> ok = false;
        STEP( if :: word == seen -> word = 0 :: else fi );
        LOOK( seen = word );
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
  if /* a death or a stop here would hide from Spin that nobody gets anywhere; right after it is as good */
  :: atomic { !dead[process] && !asleep[me] }
#if TIMED
  :: atomic { !dead[process] && asleep[me] && me < TIMED -> asleep[me] = false } /* the deadline has come */
#endif
#if SLICES
#ifdef M_NO_SESSION
#define SESSION_SEEN session[OWNER(seen) - 1]
#else
#define SESSION_SEEN (IS_RESERVED(seen) -> session[OWNER(seen) - 1] : NUMBER(seen))
#endif
  :: atomic { !dead[process] && asleep[me] && (word != seen || MAY_BE_OVER(OWNER(seen) - 1, SESSION_SEEN))
              -> asleep[me] = false }
#if RESERVERS
  :: atomic { !dead[process] && asleep[me] && IS_RESERVED(seen) && !claim[OWNER(seen) - 1] -> asleep[me] = false }
#endif
#endif
  :: atomic { dead[process] -> goto killed }
  fi;
  LOOK( seen = word );
  goto contend;

out_of_time:
  atomic { seen = 0; waiters = 0 };
  goto again;

critical:
  atomic { seen = 0; waiters = 0; ok = false };
#if RESERVERS
#ifdef M_ONE_CLAIM /* a handle's other threads have the claim of the first one */
#define USES_CLAIM true
#else
#define USES_CLAIM FIRST
#endif
  /* W1 and W2, which is a locked instruction */
  OWNING( head++; seq = head; if :: USES_CLAIM -> DRAIN(seat); claim[seat] = 1 :: else fi );
  OWNING( assert(!USES_CLAIM || claim[seat] == 1); assert(seq > published); published = seq );
  OWNING( assert(inside == process); inside = NOBODY; assert((word & (255 - W)) == OWNED_BY(seat, mine));
          if :: USES_CLAIM -> buffer[seat] = 0 + 1 :: else fi; seq = 0 ); /* W4 */
  if
#ifdef M_OTHERS_RESERVE
  :: me < RESERVERS && reservations[seat] < NUMBERS ->
#else
  :: me < RESERVERS && FIRST && reservations[seat] < NUMBERS ->
#endif
     /* unlock_and_reserve() */
#ifdef M_NO_NUMBER
     now = 0;
#else
     OWNING( now = reservations[seat]; reservations[seat]++ );
#endif
     OWNING( LOCKED; if :: word == OWNED_BY(seat, mine) -> word = RESERVED_FOR(seat, now); reserved = word
                     :: else -> reserved = 0 fi );
     now = 0;
     if
     :: reserved > 0 -> goto again
     :: else
     fi
  :: true
  fi;
#else
  OWNING( assert(inside == process); inside = NOBODY; assert((word & (255 - W)) == OWNED_BY(seat, mine)) );
#endif
  /* unlock(): M2 */
  OWNING( LOCKED; if :: word == OWNED_BY(seat, mine) -> word = 0; ok = true :: else fi );
  if
  :: ok -> ok = false
  :: else ->
#ifdef M_WAKE_FIRST
     wake_one();
     OWNING( word = 0 )
#else
     OWNING( assert(word == OWNED_BY(seat, mine) + W); word = 0 );
#ifndef M_UNLOCK_NO_WAKE
     wake_one()
#endif
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
#if RESERVERS
  if
  :: reserved > 0 -> give_back()
  :: else
  fi;
#endif
  STEP( LOCKED; assert(session[seat] == mine); ended[seat] = mine; holder[seat] = 0 ); /* E6 */
  STEP( door[process] = 0; lease[process] = 0 );
  goto gone;

step_back: /* its descriptor closes */
  STEP( door[process] = 0;
#ifdef M_ONE_BYTE
        lease[process] = 0;
#endif
        ok = false; s = 0; i = 0 );
  goto without_seat;

end_all_taken: /* a newcomer has to wait */
  atomic { IS_FREE(0) || IS_FREE(1) || IS_FREE(2) -> goto without_seat };
stopped:
  atomic { seen = 0; now = 0; waiters = 0; s = 0; i = 0; ok = false; rounds = 0 };
end_attached:
  if
  :: atomic { dead[process] -> goto killed }
  fi;
killed: /* the kernel takes it off the futex */
  atomic {
    asleep[me] = false; seen = 0; now = 0; waiters = 0; s = 0; i = 0; rounds = 0; mine = 0; ok = false; seat = 0
#if RESERVERS
    ; seq = 0; reserved = 0
#endif
  };
gone:
  skip
}

#if CLEARERS
/* clear_dead_seat(). Once, at any time: it may stop for ever, or be killed, between any two steps. */
proctype Clearer(byte process) {
  byte seat = NO_SEAT, s, seen, now, i;
  bool ok;

  if
  :: true
#if SEATS > 1
  :: i = 1
#endif
#if SEATS > 2
  :: i = 2
#endif
  :: goto gone
  fi;
  LOOK( s = session[i] );
  LOOK( ok = (ended[i] < s) );
  if
  :: !ok -> goto gone
  :: else -> ok = false
  fi;
  ask(i, s);
  if
  :: !ok -> goto gone
  :: else -> ok = false
  fi;
  LOOK( seen = word ); /* free_dead_mutex() */
  if
  :: OWNER(seen) == i + 1 ->
     LOOK( now = session[i] );
     ask(i, now);
     if
     :: ok -> free_word(seen)
     :: else
     fi;
     now = 0
  :: else
  fi;
#ifdef M_ENDS_NEWEST
  STEP( ended[i] = session[i] );
#else
  STEP( if :: ended[i] < s -> ended[i] = s :: else fi );
#endif
stopped:
killed:
gone:
  skip
}
#endif

/* What the kernel holds for the dead. It gives up all locks of a description at once. */
#define GIVES_UP(p) \
  :: atomic { p < PROCESSES && dead[p % PROCESSES] && (door[p % PROCESSES] > 0 || lease[p % PROCESSES] > 0) -> \
              door[p % PROCESSES] = 0; lease[p % PROCESSES] = 0 }
proctype Kernel() {
end_kernel:
  do
  GIVES_UP(0)
  GIVES_UP(1)
  GIVES_UP(2)
  GIVES_UP(3)
  od
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
    byte i, k;
    for (i : 0 .. PARTIES - 1) {
      if
      :: THREADS && i == 1 -> run Party(1, 0, 0)
      :: i < HELD && !(THREADS && i == 1) ->
         k = (THREADS && i > 1 -> i - 1 : i);
         session[k] = 1; door[i] = BYTE_OF(k, 1); lease[i] = door[i]; holder[k] = i + 1;
         run Party(i, i, k)
      :: i >= HELD && !(THREADS && i == 1) -> run Party(i, i, NO_SEAT)
      fi
    }
    k = 0;
    i = 0;
#if CLEARERS
    run Clearer(PARTIES);
#endif
    run Kernel();
#if RESERVERS
    run Memory()
#endif
  }
}
