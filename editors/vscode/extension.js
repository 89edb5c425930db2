// Starts `gantral lsp` for the specs that are open; all that is known of them, the server knows.
"use strict";

const path = require("path");
const { window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate() {
  const [program, ...before] = workspace.getConfiguration("gantral").get("command");
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath;
  // A bare name is looked for on PATH, a path with a folder in it in the workspace.
  const relative = !path.isAbsolute(program) && path.dirname(program) !== ".";
  const command = relative && folder ? path.join(folder, program) : program;
  // No `transport`: the client would add an option for it, and stdin and stdout are the default.
  const server = { command, args: [...before, "lsp"], options: folder ? { cwd: folder } : {} };
  client = new LanguageClient("gantral", "Gantral", server, {
    documentSelector: [{ language: "gantral" }],
    synchronize: { fileEvents: workspace.createFileSystemWatcher("**/{*.gantral,pyproject.toml}") },
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    window.showErrorMessage(
      `${command} lsp did not start (${error.message}). Install it with pip install 'gantral[lsp]', ` +
        "or name it in the setting gantral.command."
    );
  }
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
