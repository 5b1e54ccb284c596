;;; What the drivers of Emacs share: to write down what is seen, into the file SEEN, and to wait.  -*- lexical-binding: t -*-

(setq make-backup-files nil auto-save-default nil create-lockfiles nil)
(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil)  ; there is no compiler

(defun see (what text)
  (let ((line (replace-regexp-in-string "[ \t\n]+" " " text)))
    (write-region (concat what "\t" line "\n") nil (getenv "SEEN") t 'quiet)))

(defun wait (what met)
  (let ((left 600))
    (while (not (or (funcall met) (zerop left)))
      (accept-process-output nil 0.1)
      (setq left (1- left)))
    (when (zerop left)
      (see "failed" (concat "waited in vain for " what))
      (kill-emacs 1))))

(defun line ()
  (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(defun hint (mark)
  "The text of a hint on this line; its overlay has the property MARK."
  (seq-some (lambda (overlay)
              (and (overlay-get overlay mark)
                   (or (overlay-get overlay 'before-string) (overlay-get overlay 'after-string))))
            (overlays-in (line-beginning-position) (1+ (line-end-position)))))
