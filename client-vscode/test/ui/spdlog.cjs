// Stands in for @vscode/spdlog, VS Code's logger, which would have to be compiled: the same interface, lines to a file.
const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

class Logger {
  constructor(name, path) {
    this.name = name;
    this.path = path;
    this.level = 0;
    this.isRaw = false;
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, "");
  }

  write(level, name, message) {
    if (level >= this.level) {
      const time = new Date().toISOString().replace("T", " ").replace("Z", "");
      appendFileSync(this.path, this.isRaw ? message : `${time} [${name}] ${message}\n`);
    }
  }

  trace(message) { this.write(0, "trace", message); }
  debug(message) { this.write(1, "debug", message); }
  info(message) { this.write(2, "info", message); }
  warn(message) { this.write(3, "warning", message); }
  error(message) { this.write(4, "error", message); }
  critical(message) { this.write(5, "critical", message); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  clearFormatters() { this.isRaw = true; }
  setPattern() {}
  flush() {}
  drop() {}
}

const make = async (name, path) => new Logger(name, path);

exports.version = "0";
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = make;
exports.createAsyncRotatingLogger = make;
