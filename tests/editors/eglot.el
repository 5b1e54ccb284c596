;;; What eglot shows of the Dockerfile in this folder.  -*- lexical-binding: t -*-

(load (expand-file-name "emacs.el" (file-name-directory load-file-name)))
(require 'eglot)
(require 'flymake)
(setq eglot-sync-connect 60)

(defun message-with (part)
  (seq-find (lambda (text) (string-search part text)) (mapcar #'flymake-diagnostic-text (flymake-diagnostics))))

;; A window would do this after the hook of the mode; --batch has no command loop.
(defun open-file (name)
  (find-file name)
  (unless (eglot-managed-p) (apply #'eglot--connect (eglot--guess-contact)))
  (wait "the server" #'eglot-managed-p)
  (flymake-mode 1)
  (flymake-start))

(see "version" emacs-version)
(open-file "Dockerfile")
(wait "a diagnostic" (lambda () (message-with "download cache")))
(see "diagnostic" (message-with "download cache"))

(goto-char (point-min))
(search-forward "RUN npm i")
(let ((hover (eglot--request (eglot-current-server) :textDocument/hover (eglot--TextDocumentPositionParams))))
  (see "hover" (eglot--format-markup (plist-get hover :contents))))

(eglot-inlay-hints-mode 1)
(eglot--update-hints (point-min) (point-max))
(wait "hints" (lambda () (hint 'eglot--inlay-hint)))
(see "hint" (substring-no-properties (hint 'eglot--inlay-hint)))

(let ((fix (seq-find (lambda (action) (string-search "npm cache clean" (plist-get action :title)))
                     (eglot-code-actions (point) (point) "quickfix" nil))))
  (eglot-execute (eglot-current-server) fix))
(eglot--signal-textDocument/didChange)
(wait "silence about what was fixed" (lambda () (flymake-start) (not (message-with "download cache"))))
(see "fix" (line))

(set-buffer-modified-p nil)
(open-file ".dockerignore")
(wait "a diagnostic of .dockerignore" (lambda () (message-with "#")))
(see "ignore file" (message-with "#"))
(kill-emacs 0)
