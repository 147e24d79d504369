package control

// Methods of the hub's socket for what it keeps about people and satellites.
const (
	MethodFolder = "folder" // returns the path of the folder with the hub's files, a string
)
