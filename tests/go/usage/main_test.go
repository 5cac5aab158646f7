package main

func Example() {
	main()
	// Output:
	// allocated: 42
	// slot 0: 42 slot 1024: 42
	// the copy: {1 10.5}
	// the slots: {3 11} {2 11}
}
