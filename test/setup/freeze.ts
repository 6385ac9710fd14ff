// A record named __proto__ or toString must not reach these: with them frozen, pollution throws instead of passing.
Object.freeze(Object.prototype);
Object.freeze(Array.prototype);
